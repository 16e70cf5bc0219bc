"""Networks and their initial weights. A network is an ordinary module that knows nothing of packs, masks or seeds."""

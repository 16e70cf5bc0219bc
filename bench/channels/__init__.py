"""How channels run through a network: which layer makes them, what happens to them on the way, and who hears them."""

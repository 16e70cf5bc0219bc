"""Shrinking a pruned network: what is gone is really taken out, and the outputs stay what they are."""

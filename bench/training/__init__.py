"""The stacked trainer: many replicas of one network, each with its own seed, mask and state, trained as one."""

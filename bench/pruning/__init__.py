"""What is pruned: scores, granularity, scope and exact counts."""

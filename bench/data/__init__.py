"""Data sets: where their files come from, what is in them, and how they are split."""

"""What `bench new` writes: a working file of each kind, with the names of an example in it."""

"""The registered data sets, a file each."""

"""The figures, one file each: a function of a grid and a width that gives a figure, or a sentence why there is none."""

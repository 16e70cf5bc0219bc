"""The methods, one small file a family: a function from its options to the steps of a recipe."""

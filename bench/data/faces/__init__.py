"""From photos of people to a data set of their faces: found, cut out, compared, kept, and split."""

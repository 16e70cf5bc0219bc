"""What a network says of samples that people have: image files, arrays, tables."""

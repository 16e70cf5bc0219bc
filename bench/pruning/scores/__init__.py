"""What a weight is worth. A score is a function from a network, as it is, to one number a weight: high is kept."""

"""From a comparison to a network that one can ship: a folder that needs neither the database nor the data."""

"""One file a revision of the schema. A released revision is never edited: a change of the schema is a new file."""

"""Two tables: a matter and what was said about it."""

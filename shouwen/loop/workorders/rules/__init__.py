"""What decides about a matter, from values alone: its course, its deadlines, when it may be closed, who is told."""

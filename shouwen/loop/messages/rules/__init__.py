"""What decides about messages, from values alone."""

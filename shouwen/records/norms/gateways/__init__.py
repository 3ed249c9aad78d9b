"""The outside of norms: the printing press."""

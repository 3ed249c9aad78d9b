"""Public programs that do the same work, each in an environment of its own, made when first needed."""

"""Bare floors: the same work with nothing around it, so that a slow machine cannot flatter us."""

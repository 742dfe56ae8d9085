"""Constructs that the templates of this project add."""

"""The contents of Studio domains."""

"""Change sets: their creation and the plans that they contain."""

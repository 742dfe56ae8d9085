"""The generated reference of the templates."""

"""Data about AWS that several packages share, with its readers; imports nothing of this project."""

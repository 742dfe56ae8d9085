"""Data about AWS that several packages share, with the functions that read it. It does not import other packages."""

"""Text, Markdown, JSON and HTML for the user, and questions on the terminal."""

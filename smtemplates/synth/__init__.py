"""Write templates as text and read them back."""

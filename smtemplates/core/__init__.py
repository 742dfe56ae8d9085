"""The vocabulary that constructs are written in, and their assembly into a template."""

"""The commands of the command line. Each prints its result and returns the exit code."""

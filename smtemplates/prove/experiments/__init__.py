"""The experiments, one module for each group of inferences."""

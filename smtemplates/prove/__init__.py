"""Verify inferences about AWS with experiments in a live account."""

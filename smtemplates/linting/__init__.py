"""Validate templates with cfn-lint."""

"""Lint templates with cfn-lint."""

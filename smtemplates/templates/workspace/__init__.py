"""The workspace template, one module for each construct."""

"""The command line of smtemplates."""

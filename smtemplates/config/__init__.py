"""The configuration file smtemplates.toml: its reader, its schema, and the templates that it defines."""

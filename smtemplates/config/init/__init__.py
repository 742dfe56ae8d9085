"""The files of a new project, which `smtemplates init` writes."""

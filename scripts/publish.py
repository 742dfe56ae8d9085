#!/usr/bin/env python3
"""Publish a template: run smtemplates publish for this checkout."""

import sys

from _checkout import use_venv_python

if __name__ == "__main__":
    use_venv_python()
    from smtemplates.cli.main import main

    sys.exit(main(name="scripts/publish.py"))

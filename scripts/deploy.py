#!/usr/bin/env python3
"""Deploy a template and manage its stack: run the commands of smtemplates for this checkout."""

import sys

from _checkout import use_venv_python

if __name__ == "__main__":
    use_venv_python()
    from smtemplates.cli.main import main

    sys.exit(main(name="scripts/deploy.py"))

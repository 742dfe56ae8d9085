#!/usr/bin/env python3
"""Start and stop a local AWS: run smtemplates local for this checkout."""

import sys

from _checkout import use_venv_python

if __name__ == "__main__":
    use_venv_python()
    from smtemplates.cli.main import main

    sys.exit(main(name="scripts/local_cloud.py"))

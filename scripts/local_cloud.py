#!/usr/bin/env python3
"""Start and stop a local AWS: run smtemplates local for this checkout."""

import sys

import _checkout  # noqa: F401 it makes smtemplates importable

from smtemplates.cli.main import main

if __name__ == "__main__":
    sys.exit(main(name="scripts/local_cloud.py"))

#!/usr/bin/env python3
"""Publish a template: run smtemplates.cli.publish for this checkout."""

import sys

from _checkout import ROOT, use_venv_python

if __name__ == "__main__":
    use_venv_python()
    from smtemplates.cli.publish import main

    sys.exit(main(ROOT))

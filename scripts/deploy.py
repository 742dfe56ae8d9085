#!/usr/bin/env python3
"""Deploy a template and manage its stack: run smtemplates.cli.deploy for this checkout."""

import sys

from _checkout import ROOT, use_venv_python

if __name__ == "__main__":
    use_venv_python()
    from smtemplates.cli.deploy import main

    sys.exit(main(ROOT))

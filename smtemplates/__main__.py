"""Run the command line: python -m smtemplates."""

import sys

from smtemplates.cli import main

sys.exit(main())

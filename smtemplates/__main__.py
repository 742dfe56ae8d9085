"""Run the command line: python -m smtemplates."""

import gc
import sys

from smtemplates.console.signals import raise_on_signals
from smtemplates.console.streams import write_message

# A run is short and creates almost no garbage. A higher threshold saves a tenth of its time.
gc.set_threshold(100_000)

raise_on_signals()
try:
    from smtemplates.cli.main import main

    sys.exit(main(name="python -m smtemplates"))
except KeyboardInterrupt:
    write_message("smtemplates: interrupted.\n")
    sys.exit(130)

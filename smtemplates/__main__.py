"""Run the command line: python -m smtemplates."""

import gc
import sys

# A run is short and creates almost no garbage. A higher threshold saves a tenth of its time.
gc.set_threshold(100_000)

try:
    from smtemplates.cli.main import main

    sys.exit(main())
except KeyboardInterrupt:
    sys.stderr.write("smtemplates: interrupted.\n")
    sys.exit(130)

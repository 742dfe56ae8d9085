"""Run the command line: python -m smtemplates."""

import gc
import sys

# A run is short and makes nearly no garbage: looking for it seldom saves a tenth of the time.
gc.set_threshold(100_000)

try:
    from smtemplates.cli.main import main

    sys.exit(main())
except KeyboardInterrupt:
    sys.stderr.write("smtemplates: interrupted.\n")
    sys.exit(130)
except ModuleNotFoundError as missing:
    sys.stderr.write(
        f"smtemplates: {missing.name} is not installed for {sys.executable}; "
        "run scripts/render, or .venv/bin/python -m smtemplates once that has run.\n"
    )
    sys.exit(2)

"""Deploy a rendered template through change sets: plan, deploy, destroy, status, outputs and drift.

The package depends on templates as text and on AWS, not on the constructs of a template. Only `commands` and
`terminal` print. The other modules report to a `Listener` and receive decisions as arguments. The command line is
scripts/deploy.py.
"""

from __future__ import annotations

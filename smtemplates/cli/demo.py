"""The command that shows the life of a stack on a local AWS."""

from __future__ import annotations

import argparse

from smtemplates.cli.command import Command
from smtemplates.cli.local import check_platform

DESCRIPTION = """\
Create, update and delete a workspace stack on a local AWS, in about a minute.

The demo needs no AWS account, costs nothing, and does not call AWS. It renders
the template, shows the plan, deploys the stack, adds a notebook instance and a
Studio domain, and shows that a replacement of the domain is rejected. Then it
destroys the stack and its data. It prints each command that it runs.

It starts a separate local cloud and stops it at the end. A local cloud that is
already running is not used or changed. The first run installs the local cloud
into the cache directory of the user, which requires uv, or the modules venv and
pip of Python. Nothing else is left behind."""


def run(_arguments: argparse.Namespace) -> int:
    """Run the demo, and return the exit code."""
    check_platform()
    from smtemplates.local_cloud.demo import play  # noqa: PLC0415  Windows has no fcntl

    play()
    return 0


COMMAND = Command(
    name="demo",
    help="create, update and delete a demo stack on a local AWS",
    description=DESCRIPTION,
    examples="  smtemplates demo\n",
    run="smtemplates.cli.demo:run",
    calls_aws=True,
)

"""Show the protocol of experiments, or run them and write the report."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from smtemplates.aws.endpoints import is_local
from smtemplates.aws.session import Cloud
from smtemplates.cli.main import INTERRUPTED
from smtemplates.console.aws_options import cloud_of
from smtemplates.console.files import reason_of, write
from smtemplates.console.libraries import check_libraries
from smtemplates.console.streams import write_message
from smtemplates.errors import UsageError
from smtemplates.prove import protocol, report
from smtemplates.prove.running import Run, Verdict, check_budget
from smtemplates.prove.table import chosen

_ACCOUNT = re.compile(r"[0-9]{12}")


def run(options: argparse.Namespace) -> int:
    """Show the protocol, or run the experiments, and return the exit code: 1 if an inference is refuted.

    The exit code is also 1 if an experiment has no result, or if resources still exist.

    Raises:
        UsageError: A name or the account is wrong, or the costs exceed the budget.
        RefusedError: Another resource has a name of the experiments.
    """
    experiments = [] if options.clean else chosen(options.names)
    if options.plan:
        value = {"schema": report.SCHEMA, "experiments": protocol.as_value(experiments)}
        print(json.dumps(value, indent=2) if options.json else protocol.as_text(experiments).rstrip())
        return 0
    check_libraries()
    check_budget(experiments, options.budget_usd)
    if options.output:
        _create(Path(options.output))
    cloud = cloud_of(options)
    _check_account(cloud, options.account)
    local = is_local(cloud.client("sts").meta.endpoint_url)
    done = Run(cloud=cloud, local=local, budget=options.budget_usd, say=_say)
    done.run(experiments)
    if options.output:
        for name, text in report.files(done).items():
            write(Path(options.output) / name, text)
    print((report.as_json(done) if options.json else report.as_text(done)).rstrip())
    return _code(done)


def _code(done: Run) -> int:
    if done.interrupted:
        return INTERRUPTED
    failed = any(one.verdict in (Verdict.REFUTED, Verdict.NOT_REACHED) for one in done.outcomes)
    return int(failed or bool(done.problems))


def _say(text: str) -> None:
    write_message(f"{report.masked(text)}\n")


def _check_account(cloud: Cloud, account: str | None) -> None:
    """Check that the credentials belong to the account that the user expects.

    Raises:
        UsageError: The account is missing or not an ID, or the credentials belong to another one.
    """
    if account is None:
        raise UsageError("Specify the account in which the experiments may run, with --account.")
    if not _ACCOUNT.fullmatch(account):
        raise UsageError(f"--account must be the ID of an account (12 digits), not '{account}'.")
    if cloud.account != account:
        raise UsageError(
            f"The credentials belong to account {cloud.account}, and --account is {account}. Nothing was created. "
            "Use the credentials of the account, or correct --account."
        )


def _create(folder: Path) -> None:
    """Create the folder of the report before the first experiment, so that the report is not lost."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"Cannot create the folder {folder}: {reason_of(error)}.") from error

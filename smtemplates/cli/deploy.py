"""Deploy a rendered template through change sets, and look after its stack.

Results go to standard output, everything else to standard error. Exit codes:
0 done or nothing to do, 1 failed, 2 bad input, 3 there are changes (plan
--detailed-exitcode), 4 refused because something would be taken away, 5 timed
out while AWS goes on, 130 interrupted.
"""

# ruff: noqa: PLC0415 - what a command imports, it imports itself: --help answers before the SDK would be loaded
from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from smtemplates.cli.program import VENV_PYTHON, Command, add_template, program
from smtemplates.console.aws_options import add_connection, carry_out, cloud_of, seconds
from smtemplates.console.streams import named
from smtemplates.errors import UsageError

if TYPE_CHECKING:
    from smtemplates.aws.session import Cloud
    from smtemplates.deploy.changeset import Request
    from smtemplates.deploy.execution import Options

PLAN = "  scripts/deploy.py plan churn --create-staging-bucket --set CreateNotebook=true\n"
DEPLOY = """\
  scripts/deploy.py deploy churn --staging-bucket my-templates \\
      --parameters churn.yaml --tag team=churn
"""
STATUS = "  scripts/deploy.py status churn\n"
OUTPUTS = "  scripts/deploy.py outputs churn --env\n"
DRIFT = "  scripts/deploy.py drift churn\n"
DESTROY = "  scripts/deploy.py destroy churn\n"
TIMEOUT = "stop watching after so long, while AWS goes on (default: watch to the end)"


def parser(checkout: Path) -> argparse.ArgumentParser:
    """Build the parser of deploy.py for a checkout."""
    commands = (
        Command("plan", "show what a deployment would change, and change nothing", PLAN, partial(add_plan, checkout)),
        Command(
            "deploy",
            "create or update a stack, after showing the plan and asking",
            DEPLOY,
            partial(add_deploy, checkout),
        ),
        Command(
            "status",
            "show how a stack is, and each stack of its stack sets: 1 if one of those failed",
            STATUS,
            add_status,
        ),
        Command("outputs", "show a stack's outputs", OUTPUTS, add_outputs),
        Command("drift", "show what was changed behind the stack's back", DRIFT, add_drift),
        Command("destroy", "delete a stack; its data only with --delete-data", DESTROY, add_destroy),
    )
    return program("deploy.py", __doc__, commands)


def add_stack(command: argparse.ArgumentParser) -> None:
    """Add the name of the stack."""
    command.add_argument("stack", type=named, help="the name of the stack")


def add_request(checkout: Path, command: argparse.ArgumentParser) -> None:
    """Add what says what to deploy."""
    what = command.add_argument_group("what to deploy")
    add_template(what, checkout)
    what.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter; it wins over files"
    )
    what.add_argument("--parameters", action="append", default=[], type=Path, metavar="FILE", help="YAML or JSON")
    what.add_argument(
        "--reset", type=named, action="append", default=[], metavar="NAME", help="return a parameter to its default"
    )
    what.add_argument("--tag", action="append", default=[], metavar="KEY=VALUE", help="a tag of the stack")
    what.add_argument("--role-arn", type=named, metavar="ARN", help="the role that CloudFormation assumes")
    what.add_argument(
        "--notification-arn", type=named, action="append", default=[], metavar="ARN", help="a topic for stack events"
    )
    what.add_argument(
        "--rollback-alarm",
        type=named,
        action="append",
        default=[],
        metavar="ARN",
        help="roll back if this alarm goes off",
    )
    what.add_argument("--on-failure", choices=["ROLLBACK", "DELETE", "DO_NOTHING"], help="default: roll back")
    what.add_argument("--import-existing", action="store_true", help="take resources of the same name into the stack")
    what.add_argument("--revert-drift", action="store_true", help="put back what was changed behind the stack's back")
    staging = what.add_mutually_exclusive_group()
    staging.add_argument("--staging-bucket", type=named, metavar="BUCKET", help="for a template of over 51,200 bytes")
    staging.add_argument("--create-staging-bucket", action="store_true", help="likewise, in a bucket made for it")


def add_plan(checkout: Path, command: argparse.ArgumentParser) -> None:
    """Add the options of plan."""
    add_stack(command)
    add_request(checkout, command)
    command.add_argument("--keep", action="store_true", help="leave the change set, and print how to execute it")
    command.add_argument("--detailed-exitcode", action="store_true", help="exit with 3 if there are changes")
    shape = command.add_mutually_exclusive_group()
    add_shapes(shape, markdown="print the plan as Markdown (default: as a table)", json="print the plan as JSON")
    command.add_argument("--html", type=Path, metavar="FILE", help="also write it as a page to read and search")
    add_connection(command)


def add_deploy(checkout: Path, command: argparse.ArgumentParser) -> None:
    """Add the options of deploy."""
    add_stack(command)
    add_request(checkout, command)
    how = command.add_argument_group("how to go about it")
    how.add_argument("--change-set", type=named, metavar="ARN", help="execute this change set, and nothing else")
    how.add_argument(
        "--template-digest",
        type=named,
        metavar="SHA256",
        help="only if its template is this one (plan prints it)",
    )
    how.add_argument("--yes", action="store_true", help="do not ask; needed where there is no terminal")
    how.add_argument("--allow-destructive", action="store_true", help="let resources be replaced or deleted")
    how.add_argument("--clear-studio", action="store_true", help="delete the apps and spaces of a domain that goes")
    how.add_argument("--recreate", action="store_true", help="delete what a failed creation left, and begin anew")
    how.add_argument("--continue-rollback", action="store_true", help="finish a rollback that failed, then go on")
    how.add_argument("--wait", action="store_true", help="wait for another operation on the stack to end")
    how.add_argument("--timeout", type=float, metavar="MINUTES", help=TIMEOUT)
    how.add_argument("--stack-policy", type=Path, metavar="FILE", help="set this stack policy when done")
    how.add_argument("--termination-protection", action=argparse.BooleanOptionalAction, help="default: on for prd")
    how.add_argument("--json", action="store_true", help="print the result as JSON")
    add_connection(command)


def add_destroy(command: argparse.ArgumentParser) -> None:
    """Add the options of destroy."""
    add_stack(command)
    command.add_argument("--delete-data", action="store_true", help="empty and delete the buckets, every version")
    command.add_argument("--disable-protection", action="store_true", help="turn termination protection off first")
    command.add_argument("--confirm", metavar="STACK", help="the stack's name again, where nobody can be asked")
    command.add_argument("--timeout", type=float, metavar="MINUTES", help=TIMEOUT)
    add_connection(command)


def add_status(command: argparse.ArgumentParser) -> None:
    """Add the options of status."""
    add_stack(command)
    command.add_argument("--watch", action="store_true", help="follow the operation in progress to its end")
    command.add_argument("--json", action="store_true")
    add_connection(command)


def add_outputs(command: argparse.ArgumentParser) -> None:
    """Add the options of outputs."""
    add_stack(command)
    add_shapes(command.add_mutually_exclusive_group(), json=None, env="as lines for a shell to evaluate")
    add_connection(command)


def add_shapes(command: argparse._MutuallyExclusiveGroup, **shapes: str | None) -> None:
    """Add an option for each shape of a result besides a table."""
    for shape, text in shapes.items():
        command.add_argument(f"--{shape}", dest="shape", action="store_const", const=shape, default="table", help=text)


def add_drift(command: argparse.ArgumentParser) -> None:
    """Add the options of drift."""
    add_stack(command)
    command.add_argument("--json", action="store_true")
    command.add_argument("--detailed-exitcode", action="store_true", help="exit with 3 if there is drift")
    add_connection(command)


def request_of(arguments: argparse.Namespace) -> Request:
    """Take what to deploy from the command line."""
    from smtemplates.deploy import parameters, staging, template
    from smtemplates.deploy.changeset import Request

    files = [parameters.from_file(path) for path in arguments.parameters]
    given = parameters.Settings(
        parameters=parameters.from_options(arguments.set),
        tags=parameters.from_options(arguments.tag, "--tag", "KEY=VALUE"),
    )
    staged = arguments.staging_bucket or arguments.create_staging_bucket
    return Request(
        stack=arguments.stack,
        template=template.read(arguments.template),
        settings=parameters.merge([*files, given]),
        reset=frozenset(arguments.reset),
        role_arn=arguments.role_arn,
        notification_arns=tuple(arguments.notification_arn),
        rollback_alarms=tuple(arguments.rollback_alarm),
        on_failure=arguments.on_failure,
        import_existing=arguments.import_existing,
        revert_drift=arguments.revert_drift,
        staging=staging.Bucket(name=arguments.staging_bucket) if staged else None,
    )


def options_of(arguments: argparse.Namespace) -> Options:
    """Take from the command line how to go about it."""
    from smtemplates.deploy.execution import Options, read_policy

    return Options(
        recreate=arguments.recreate,
        continue_rollback=arguments.continue_rollback,
        wait=arguments.wait,
        timeout_seconds=seconds(arguments.timeout),
        protect=arguments.termination_protection,
        stack_policy=None if arguments.stack_policy is None else read_policy(arguments.stack_policy),
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry out the command, and return the exit code."""
    from smtemplates.deploy import commands

    cloud, name = cloud_of(arguments), arguments.stack
    if arguments.command == "plan":
        how = {"keep": arguments.keep, "detailed": arguments.detailed_exitcode}
        code = commands.plan(cloud, request_of(arguments), shape=arguments.shape, page=arguments.html, **how)
    elif arguments.command == "deploy":
        code = run_deploy(cloud, arguments)
    elif arguments.command == "destroy":
        code = commands.destroy(
            cloud,
            name,
            delete_data=arguments.delete_data,
            disable_protection=arguments.disable_protection,
            confirmed=arguments.confirm,
            timeout_seconds=seconds(arguments.timeout),
        )
    elif arguments.command == "status":
        code = commands.status(cloud, name, watch=arguments.watch, as_json=arguments.json)
    elif arguments.command == "outputs":
        code = commands.outputs(cloud, name, shape=arguments.shape)
    else:
        code = commands.drift(cloud, name, as_json=arguments.json, detailed=arguments.detailed_exitcode)
    return code


def run_deploy(cloud: Cloud, arguments: argparse.Namespace) -> int:
    """Deploy: what is asked, or a change set that was reviewed."""
    from smtemplates.deploy import commands

    agreed = {"yes": arguments.yes, "destructive": arguments.allow_destructive, "studio": arguments.clear_studio}
    consent = commands.Consent(**agreed)
    options, as_json = options_of(arguments), arguments.json
    if arguments.change_set:
        if arguments.set or arguments.parameters or arguments.reset or arguments.tag:
            raise UsageError("a change set holds its parameters and tags already; leave them out beside --change-set")
        reviewed = arguments.change_set, arguments.template_digest or ""
        return commands.deploy_reviewed(cloud, arguments.stack, reviewed, options, consent, as_json=as_json)
    if arguments.template_digest:
        raise UsageError("--template-digest says what --change-set must hold; give both, or neither")
    return commands.deploy(cloud, request_of(arguments), options, consent, as_json=as_json)


def main(checkout: Path, arguments: Sequence[str] | None = None) -> int:
    """Run one command for a checkout, and return the exit code."""
    options = parser(checkout).parse_args(arguments)
    return carry_out("deploy.py", checkout / VENV_PYTHON, lambda: run(options))

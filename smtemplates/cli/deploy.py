"""The commands that deploy a template through change sets, and manage the stack."""

# ruff: noqa: PLC0415 - commands import their dependencies themselves, so that --help does not load the AWS SDK
from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from smtemplates.cli import deploy_groups
from smtemplates.cli.command import Parser
from smtemplates.cli.deploy_options import add_deploy
from smtemplates.cli.stack_selection import select
from smtemplates.cli.staging_options import bucket_of
from smtemplates.cli.template_option import template_of
from smtemplates.console.aws_options import add_connection, cloud_of, seconds
from smtemplates.errors import Error, UsageError

if TYPE_CHECKING:
    from smtemplates.aws.session import Cloud
    from smtemplates.deploy.api import Allowed
    from smtemplates.deploy.groups.target import Target
    from smtemplates.deploy.requests.request import Options, Request


def request_of(arguments: argparse.Namespace) -> Request:
    """Return the deployment that the arguments request, without a configuration file."""
    from smtemplates.deploy.requests.request import Request

    return changed(Request(stack=arguments.stack, template=template_of(arguments)), arguments)


def changed(request: Request, arguments: argparse.Namespace) -> Request:
    """Return a request with the options of the arguments, which take precedence."""
    from smtemplates.deploy.requests import parameters

    files = [parameters.from_file(path) for path in arguments.parameters]
    from_command_line = parameters.Settings(
        parameters=parameters.from_options(arguments.set),
        tags=parameters.from_options(arguments.tag, "--tag", "KEY=VALUE"),
        removed_tags=parameters.removed(arguments.remove_tag, arguments.tag),
    )
    settings = parameters.merge([request.settings, *files, from_command_line])
    reset = frozenset(arguments.reset)
    if request.settings.parameters:  # those of the file
        given = parameters.merge([*files, from_command_line]).parameters
        values = {name: text for name, text in settings.parameters.items() if name not in reset or name in given}
        settings = replace(settings, parameters=values)
    topics = parameters.complete_set(arguments.notification_arn, "--notification-arn")
    alarms = parameters.complete_set(arguments.rollback_alarm, "--rollback-alarm")
    minutes = arguments.monitoring_minutes
    return replace(
        request,
        settings=settings,
        reset=reset,
        role_arn=arguments.role_arn,
        notification_arns=request.notification_arns if topics is None else topics,
        rollback_alarms=request.rollback_alarms if alarms is None else alarms,
        monitoring_minutes=request.monitoring_minutes if minutes is None else minutes,
        on_failure=arguments.on_failure or request.on_failure,
        import_existing=arguments.import_existing,
        revert_drift=arguments.revert_drift,
        staging=bucket_of(arguments) or request.staging,
        capabilities=tuple(arguments.capability),
    )


def options_of(arguments: argparse.Namespace) -> Options:
    """Return the options of the execution.

    Raises:
        UsageError: An option needs the end of the operation, and --no-wait does not wait for it.
    """
    from smtemplates.deploy.requests.request import Options
    from smtemplates.deploy.requests.stack_policy import read_stack_policy

    needs_end = {
        "--stack-policy": arguments.stack_policy is not None,
        "--termination-protection": arguments.termination_protection is not None,
    }
    if arguments.no_wait and (named := [option for option, given in needs_end.items() if given]):
        raise UsageError(
            f"{named[0]} takes effect at the end of the operation, for which --no-wait does not wait. Remove one of "
            "the two options."
        )
    return Options(
        recreate=arguments.recreate,
        continue_rollback=arguments.continue_rollback,
        no_rollback=arguments.no_rollback,
        skip=tuple(arguments.skip),
        wait=arguments.wait,
        no_wait=arguments.no_wait,
        timeout_seconds=seconds(arguments.timeout),
        protect=arguments.termination_protection,
        stack_policy=None if arguments.stack_policy is None else read_stack_policy(arguments.stack_policy),
    )


def run(cloud: Cloud, arguments: argparse.Namespace, target: Target | None = None) -> int:
    """Run the command for one stack, and return the exit code. `target` is the stack in the configuration file."""
    name = arguments.stack
    if arguments.command == "plan":
        from smtemplates.deploy.commands import change

        code = change.plan(
            cloud,
            request_for(arguments, target),
            keep=arguments.keep_change_set,
            shape=arguments.format,
            detailed=arguments.detailed_exitcode,
            page=arguments.html,
            no_rollback=arguments.no_rollback,
        )
    elif arguments.command == "deploy":
        code = run_deploy(cloud, arguments, target)
    elif arguments.command == "destroy":
        from smtemplates.deploy.commands import removal
        from smtemplates.deploy.destruction import DestroyOptions

        options = DestroyOptions(
            delete_data=arguments.delete_data,
            clear_studio=arguments.clear_studio,
            disable_protection=arguments.disable_protection,
            retain=tuple(logical_ids(arguments.retain, "--retain")),
            force=arguments.force,
            wait=not arguments.no_wait,
        )
        timeout = seconds(arguments.timeout)
        code = removal.destroy(cloud, name, options, confirmed=arguments.confirm, timeout_seconds=timeout)
    elif arguments.command == "rollback":
        from smtemplates.deploy.commands import recovery

        code = recovery.rollback(
            cloud,
            name,
            skip=tuple(arguments.skip),
            yes=arguments.yes,
            confirmed=arguments.confirm,
            timeout_seconds=seconds(arguments.timeout),
            wait=not arguments.no_wait,
            as_json=arguments.json,
        )
    else:
        code = _report(cloud, arguments)
    return code


def _report(cloud: Cloud, arguments: argparse.Namespace) -> int:
    """Print the status, the outputs or the drift of a stack, and return the exit code."""
    from smtemplates.deploy.commands import reports

    name = arguments.stack
    if arguments.command == "status":
        return reports.status(cloud, name, watch=arguments.watch, as_json=arguments.json)
    if arguments.command == "outputs":
        return reports.outputs(cloud, name, shape=arguments.format)
    return reports.drift(cloud, name, as_json=arguments.json, detailed=arguments.detailed_exitcode)


def logical_ids(values: Sequence[str], option: str) -> list[str]:
    """Return the logical IDs in the values of an option that can be repeated; each value is ID[,ID].

    Raises:
        UsageError: An ID is empty.
    """
    found = [text.strip() for value in values for text in value.split(",")]
    if "" in found:
        raise UsageError(f"{option} contains an empty logical ID. Specify ID[,ID].")
    return list(dict.fromkeys(found))


def allowed_of(arguments: argparse.Namespace) -> Allowed:
    """Return the destructive changes that the arguments allow."""
    from smtemplates.deploy.api import Allowed

    return Allowed(
        destructive=arguments.allow_destructive,
        resources=frozenset(logical_ids(arguments.allow_destructive_resource, "--allow-destructive-resource")),
        studio=arguments.clear_studio,
    )


def request_for(arguments: argparse.Namespace, target: Target | None) -> Request:
    """Return the deployment that the arguments request, of a stack of the configuration file if `target` is given."""
    if target is None:
        return request_of(arguments)
    from smtemplates.deploy.groups import deploying

    return deploying.request_of(target)


def run_deploy(cloud: Cloud, arguments: argparse.Namespace, target: Target | None) -> int:
    """Deploy a template, or execute a change set that was reviewed."""
    from smtemplates.deploy.commands import change

    allowed = allowed_of(arguments)
    options = options_of(arguments)
    if target is not None:
        options = deploy_groups.merged(options, target)
    if arguments.change_set:
        if refused := unused_options(given_options(arguments.words[1:])):
            raise UsageError(
                f"The execution of an existing change set (--change-set) cannot use {', '.join(refused)}. Remove "
                f"{'this option' if len(refused) == 1 else 'these options'}, or deploy without --change-set."
            )
        reviewed = arguments.change_set, arguments.template_digest or ""
        return change.deploy_reviewed(
            cloud, arguments.stack, reviewed, options, allowed, yes=arguments.yes, as_json=arguments.json
        )
    if arguments.skip and not arguments.continue_rollback:
        raise UsageError("--skip requires --continue-rollback; specify both options, or neither")
    if arguments.template_digest:
        raise UsageError("--template-digest requires --change-set; specify both options, or neither")
    return change.deploy(
        cloud, request_for(arguments, target), options, allowed, yes=arguments.yes, as_json=arguments.json
    )


def run_and_report(arguments: argparse.Namespace) -> int:
    """Run the command, and return the exit code. If the result is JSON, a failure is also printed as JSON."""
    as_json = getattr(arguments, "json", False) or getattr(arguments, "format", "") == "json"
    cloud = None
    try:
        changes = arguments.command in ("plan", "deploy") and not getattr(arguments, "change_set", None)
        selection = select(arguments, partial(changed, arguments=arguments) if changes else None)
        if selection is None:
            cloud = cloud_of(arguments)
            return run(cloud, arguments)
        if selection.several:
            deploys = arguments.command == "deploy"
            options, allowed = (options_of(arguments), allowed_of(arguments)) if deploys else (None, None)
            return deploy_groups.run(arguments, selection, options, allowed)
        from smtemplates.deploy.groups.target import check_accounts

        check_accounts(selection.targets)
        cloud = selection.targets[0].cloud
        return run(cloud, arguments, selection.targets[0])
    except Error as error:
        if as_json:
            from smtemplates.deploy.commands.reports import print_failure

            print_failure(arguments.stack, error, cloud)
        raise


# The options of deploy that --change-set uses, in addition to those of the connection. All others are errors.
USED_WITH_CHANGE_SET = {
    "--config",
    "--no-config",
    "--change-set",
    "--template-digest",
    "--yes",
    "--allow-destructive",
    "--allow-destructive-resource",
    "--clear-studio",
    "--no-rollback",
    "--no-wait",
    "--timeout",
    "--stack-policy",
    "--termination-protection",
    "--no-termination-protection",
    "--json",
}


def options_in(command: Parser) -> dict[str, list[str]]:
    """Return the option strings of a command by the attribute of the parsed arguments."""
    found: dict[str, list[str]] = {}
    for option in command.options:
        found.setdefault(option.dest, []).extend(option.option_strings)
    return found


def given_options(arguments: Sequence[str]) -> frozenset[str]:
    """Return the options in the arguments of deploy, also those with the value of their default."""
    command = Parser(add_help=False, allow_abbrev=False)
    add_deploy(command)
    for option in command.options:
        option.default = argparse.SUPPRESS
    given = vars(command.parse_args(arguments))
    return frozenset(strings[0] for dest, strings in options_in(command).items() if dest in given)


def connection_options() -> set[str]:
    command = Parser(add_help=False)
    add_connection(command)
    return set().union(*options_in(command).values())


def unused_options(given: Iterable[str]) -> list[str]:
    """Return the given options of deploy that --change-set does not use, sorted by name."""
    return sorted(set(given) - USED_WITH_CHANGE_SET - connection_options())

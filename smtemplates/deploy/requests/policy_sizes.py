"""Check that managed policies are not longer than IAM allows. CloudFormation finds this only while it creates them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from smtemplates.errors import Error
from smtemplates.evaluate import Stack
from smtemplates.synth import declarations

TYPE = "AWS::IAM::ManagedPolicy"
MOST = 6144
"""Characters of a managed policy. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
_UNKNOWN = re.compile('"(Ref|Fn::[A-Za-z0-9]+)":')


def problems(template: Mapping[str, Any], values: Mapping[str, str], region: str) -> Iterator[str]:
    """Yield a sentence for each managed policy that is too long. `values` are those of the parameters.

    IAM does not count white space. A policy with values that only AWS knows is not checked.
    """
    bodies = declarations.resources(template)
    if not any(body.get("Type") == TYPE for body in bodies.values()):
        return
    with suppress(Error):  # reported by the check of the parameters
        stack = Stack(template, values, pseudo={"AWS::Region": region, "AWS::AccountId": "0" * 12})
        for name, body in stack.evaluated[0].items():
            text = json.dumps(body.get("Properties", {}).get("PolicyDocument"), separators=(",", ":"))
            if body.get("Type") == TYPE and len(text) > MOST and not _UNKNOWN.search(text):
                named = set(re.findall(r"\w+", json.dumps(bodies[name]))) & stack.parameters.keys()
                yield (
                    f"The policy {name} would have {len(text)} characters, but IAM allows {MOST}. Enter fewer or "
                    f"shorter values for the parameters {', '.join(sorted(named))}."
                )

"""No secret can be a parameter: whoever may describe a stack reads its parameters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import samples

ROOT = Path(__file__).parent.parent
SECRET = re.compile(r"secret|passw|passphrase|token|credential|(api|access|private|license)[ _-]?key", re.IGNORECASE)
REFUSALS = ("without a password", "without user name or password")
ADVICE = "For a password, name one that reads its ARN in Secrets Manager."


def test_no_parameter_wants_a_secret(template: dict[str, Any]) -> None:
    """None is named or described like one, or hidden as one; where people look for one they are sent elsewhere."""
    labels = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
    for name, about in template["Parameters"].items():
        said = f"{name} {labels[name]['default']} {about['Description']} {about['ConstraintDescription']}"
        for refusal in (*REFUSALS, ADVICE):
            said = said.replace(refusal, "")
        assert not SECRET.search(said), name
        assert "NoEcho" not in about


def test_a_secret_s_place_is_named(template: dict[str, Any]) -> None:
    """The console, the reference and the README say Secrets Manager, and by which parameter the role may read it."""
    assert ADVICE in template["Parameters"]["AdditionalPolicyArns"]["Description"]
    assert ADVICE in (ROOT / "templates" / "README.md").read_text("utf-8")
    readme = " ".join((ROOT / "README.md").read_text("utf-8").split())
    assert re.search("never parameters: keep them in Secrets Manager, .* through `AdditionalPolicyArns`", readme)


def test_no_secret_is_in_what_a_stack_holds(template: dict[str, Any]) -> None:
    """CloudFormation is asked to look up no secret either: its value would stand in a property."""
    assert "{{resolve:" not in str(samples.deployed(template, samples.EVERYTHING).template())

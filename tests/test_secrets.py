"""Check that no parameter is a secret, because users who can describe a stack can read its parameters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import samples

ROOT = Path(__file__).parent.parent
SECRET = re.compile(r"secret|passw|passphrase|token|credential|(api|access|private|license)[ _-]?key", re.IGNORECASE)
ALLOWED = ("without a password", "without a user name or password", "Do not enter secrets")
ADVICE = "To give access to a password, attach a policy that allows reading its secret in Secrets Manager."


def test_no_parameter_wants_a_secret(template: dict[str, Any]) -> None:
    """No name, label or description of a parameter mentions a secret, except for the advice on Secrets Manager."""
    labels = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterLabels"]
    for name, about in template["Parameters"].items():
        text = f"{name} {labels[name]['default']} {about['Description']} {about['ConstraintDescription']}"
        for phrase in (*ALLOWED, ADVICE):
            text = text.replace(phrase, "")
        assert not SECRET.search(text), name
        assert "NoEcho" not in about


def test_documentation_refers_to_secrets_manager(template: dict[str, Any]) -> None:
    """The console, the reference and an explanation refer to Secrets Manager and to the parameter that gives access."""
    assert ADVICE in template["Parameters"]["AdditionalPolicyArns"]["Description"]
    docs = ROOT / "docs"
    assert ADVICE in (docs / "reference" / "workspace" / "parameters.md").read_text("utf-8")
    explanation = " ".join((docs / "explanation" / "security.md").read_text("utf-8").split())
    assert re.search("never parameters. Keep them in AWS Secrets Manager, .* `AdditionalPolicyArns`", explanation)


def test_template_resolves_no_secret(template: dict[str, Any]) -> None:
    """No property contains a dynamic reference, because its value would be visible in the resource."""
    assert "{{resolve:" not in str(samples.deployed(template, samples.EVERYTHING).template())

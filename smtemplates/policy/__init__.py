"""Check a template against rules of CloudFormation Guard: the files in this folder, and policy files of a user.

This module does not import the validator, which is not needed for a template that was checked before.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from smtemplates.console.files import read
from smtemplates.errors import MissingError
from smtemplates.linting.linter import NOT_EVALUATED, Check, Finding, Row, collecting_rarely, entry_for
from smtemplates.synth.loader import load

__all__ = ["NOT_EVALUATED", "OURS", "check_policy"]

OURS = Path(__file__).parent


def check_policy(
    text: str,
    *,
    name: str = "template.yaml",
    policies: Sequence[Path | str] = (),
    ours: bool = True,
    cache: bool | Path = True,
) -> list[Finding]:
    """Return the violations of policy rules in a template, by line.

    `policies` are policy files in addition to the rules of this package. If `ours` is false, only `policies` apply.

    The resolved template is checked for sets of parameter values that show its resources in all their forms
    (`evaluate.covering`). The values that show a finding are its `given`. A rule that `Metadata.guard.SuppressedRules`
    of a resource lists does not apply to that resource, and Fn::If in the list can make that depend on parameters. An
    unchanged template is not checked again: `cache` is as for `lint`.

    A finding with the rule `NOT_EVALUATED` names a part of the template that was not evaluated, and the reason: it
    needs a transform, for example, or has too many combinations of values to try. Resources that depend on it can have
    more findings.

    Raises:
        MissingError: cloudformation-validate, which evaluates the rules, is not installed.
        UsageError: The text is not a template, or a policy file cannot be read or evaluated, or contains no rule.

    Source: https://docs.aws.amazon.com/cfn-guard/latest/ug/writing-rules.html
    """
    if not (ours or policies):
        return []
    return policy_check(text, name=name, policies=policies, ours=ours, cache=cache).findings()


def policy_check(text: str, *, name: str, policies: Sequence[Path | str], ours: bool, cache: bool | Path) -> Check:
    """Return the check of `check_policy`.

    Raises:
        MissingError, UsageError: As for `check_policy`. Its other errors are raised when the check runs.
    """
    rules = "\n".join(read(file) for file in sorted(OURS.glob("*.guard"))) if ours else ""
    theirs = {str(file): read(Path(file)) for file in policies}
    options = (_version(), rules, *theirs, *theirs.values())

    def run() -> list[Row]:
        with collecting_rarely():
            from smtemplates.policy import engine  # noqa: PLC0415  it loads a validator of 15 MB

            return engine.run(load(text), text, rules, theirs)

    return Check(name=name, entry=entry_for(text, options, _makers(), cache=cache), run=run)


def _version() -> str:
    """Return the version of the validator, without importing it or importlib.metadata, which takes long."""
    found = find_spec("cloudformation_validate")
    if not found or not found.origin:
        raise MissingError(
            "cloudformation-validate, which evaluates policy rules, is not installed: pip install 'smtemplates[policy]'"
        )
    package = Path(found.origin).parent
    return " ".join(sorted(found.name for found in package.parent.glob(f"{package.name}-*.dist-info")))


def _makers() -> list[Path]:
    """List the modules that determine the findings."""
    package = OURS.parent
    return [package / "synth" / "loader.py", *sorted(OURS.glob("*.py")), *sorted((package / "evaluate").glob("*.py"))]

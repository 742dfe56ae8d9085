"""Judge a template by policy: the CloudFormation Guard rules beside this file, and a user's own.

Importing this imports no validator; a template that was judged before needs none.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from smtemplates.errors import MissingError, UsageError
from smtemplates.linting.linter import Finding, collecting_rarely
from smtemplates.synth.loader import load

OURS = Path(__file__).parent
NOT_EVALUATED = "NOT_EVALUATED"
"""The rule of a finding that reports what was not checked, because there are too many combinations of values."""


def judge(
    text: str,
    *,
    name: str = "template.yaml",
    policies: Sequence[Path | str] = (),
    ours: bool = True,
    cache: bool | Path = True,
) -> list[Finding]:
    """Return what in a template breaks a rule of policy, by line.

    `policies` are Guard files of your own; without `ours`, those alone count.

    The template is judged resolved, for parameter values that show its resources in all their forms
    (`evaluate.covering`); those which show a finding are its `given`. A rule that a resource's
    `Metadata.guard.SuppressedRules` names does not apply to it; Fn::If there makes that depend on parameters. An
    unchanged template is not judged again: `cache` is as for `lint`.

    Raises:
        MissingError: cloudformation-validate, which evaluates the rules, is not installed.
        UsageError: The text is no template, or a Guard file cannot be read or evaluated, or holds no rule.
        Error: The template cannot be resolved offline; it needs a transform, for example.

    Source: https://docs.aws.amazon.com/cfn-guard/latest/ug/writing-rules.html
    """
    from smtemplates.linting import cache as linter_cache  # noqa: PLC0415  its hashlib takes 3 MiB

    if not (ours or policies):
        return []
    rules = "\n".join(_read(file) for file in sorted(OURS.glob("*.guard"))) if ours else ""
    theirs = {str(file): _read(Path(file)) for file in policies}
    directory = linter_cache.directory() if cache is True else cache or None
    options = (_version(), rules, *theirs, *theirs.values())
    entry = directory / f"{linter_cache.key(text, options, _makers())}.json" if directory else None
    rows = linter_cache.read(entry) if entry else None
    if rows is None:
        with collecting_rarely():
            from smtemplates.policy import engine  # noqa: PLC0415  it loads a validator of 15 MB

            rows = engine.run(load(text), text, rules, theirs)
        if entry:
            linter_cache.write(entry, rows)
    return [
        Finding(**{**row, "path": tuple(row["path"]), "given": tuple(map(tuple, row["given"]))}, file=name)
        for row in rows
    ]


def _version() -> str:
    """Tell one validator from another; importing it, or asking importlib.metadata, takes longer than all else here."""
    found = find_spec("cloudformation_validate")
    if not found or not found.origin:
        raise MissingError(
            "cloudformation-validate, which evaluates policy, is not installed: pip install 'smtemplates[policy]'"
        )
    package = Path(found.origin).parent
    return " ".join(sorted(found.name for found in package.parent.glob(f"{package.name}-*.dist-info")))


def _makers() -> list[Path]:
    """List the modules that decide what is found."""
    package = OURS.parent
    return [package / "synth" / "loader.py", *sorted(OURS.glob("*.py")), *sorted((package / "evaluate").glob("*.py"))]


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"Cannot read {file}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"Cannot read {file}: it is not UTF-8 text.") from error

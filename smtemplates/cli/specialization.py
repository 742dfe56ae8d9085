"""The options of `render` that specialize a template, and the report on its parts that were fixed and removed."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from smtemplates.console import program
from smtemplates.console.columns import counted, folded
from smtemplates.console.files import read
from smtemplates.errors import UsageError
from smtemplates.evaluate.values import short
from smtemplates.specializing.choices import Choices
from smtemplates.specializing.specialization import Specialized, specialization

__all__ = ["choices_of", "report_of", "specialization"]


def choices_of(options: argparse.Namespace) -> Choices:
    """Return the choices on the command line.

    Raises:
        UsageError: An option has no value, names a parameter twice, or its file cannot be read.
    """
    return Choices(
        fix={name: _content(value) for name, value in _pairs(options.fix, "--fix")},
        keep=None if options.keep is None else frozenset(options.keep),
        default=dict(_pairs(options.default, "--default")),
        allow={name: value.split(",") for name, value in _pairs(options.allow, "--allow")},
    )


def _pairs(options: Iterable[str], option: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for text in options:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise UsageError(f"{option} requires NAME=VALUE, not {text!r}.")
        if name in seen:
            raise UsageError(f"{option} specifies {name} twice. Remove one of the two.")
        seen.add(name)
        yield name, value


def _content(value: str) -> str:
    """Return a value, or the content of the file that it names, without the line break at its end."""
    return read(Path(value[1:])).removesuffix("\n") if value.startswith("@") else value


def report_of(special: Specialized) -> Iterator[str]:
    """Yield lines about everything that was fixed, kept against the choices of the user, and removed."""
    for sentence in _sentences(special):
        yield from folded(sentence, indent=2)


def summary_of(special: Specialized, name: str) -> Iterator[str]:
    """Yield lines about the parameters that Rules fixed, and the numbers of everything that the report lists."""
    for sentence in _forced(special):
        yield from folded(f"{name}: {sentence}", indent=2)
    numbers = f"{counted(len(special.fixed), 'parameter')} fixed, {counted(len(special.removed), 'part')} removed"
    yield from folded(f"{name}: {numbers}. To list them, run: {program.command('render', name)}", indent=2)


def _forced(special: Specialized) -> Iterator[str]:
    for name, value in special.forced.items():
        yield f"fixed {name} at {short(value)}: a Rule of the template allows no other value"


def _sentences(special: Specialized) -> Iterator[str]:
    fixed = [f"{name}={short(value)}" for name, value in special.fixed.items() if name not in special.forced]
    if fixed:
        yield f"fixed {counted(len(fixed), 'parameter')}: {', '.join(fixed)}"
    yield from _forced(special)
    for name, reason in special.stayed.items():
        yield f"kept {name}: {reason}"
    groups: dict[tuple[str, str], list[str]] = {}
    for one in special.removed:
        groups.setdefault((one.section, one.reason), []).append(one.name)
    for (section, reason), names in groups.items():
        noun = section.removesuffix("s").lower()
        yield f"removed {counted(len(names), noun)}, {reason}: {', '.join(names)}"

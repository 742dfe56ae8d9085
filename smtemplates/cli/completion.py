"""The command `completion`, and the answers to the completion key of a shell.

The shell runs the command itself for each answer, so that completion is up to date after an update of the package and
after a change of the configuration file. argcomplete is the only library that supports bash, zsh and fish in this way.
"""

# ruff: noqa: PLC0415 - the libraries are imported only for a script or an answer
from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from smtemplates.aws_data.regions import REGIONS
from smtemplates.cli.command import Command
from smtemplates.console import program
from smtemplates.templates.registry import TEMPLATES
from smtemplates.templates.workspace.features import FEATURES

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_ARGCOMPLETE"  # set by the script when the user presses the completion key
DESCRIPTION = """\
Print a script that completes commands, options, templates, features, Regions
and the stacks of the configuration file in a shell. It completes the installed
command smtemplates."""
EXAMPLES = """\
  eval "$(smtemplates completion bash)"
      use it in this shell; add this line to ~/.bashrc for all later ones
  smtemplates completion zsh
      add the line eval "$(smtemplates completion zsh)" to ~/.zshrc, after
      the line with compinit
  smtemplates completion fish
      write the output to ~/.config/fish/completions/smtemplates.fish
"""
Completer = Callable[..., list[str]]


def add_completion(command: argparse.ArgumentParser) -> None:
    """Add the options of completion."""
    command.add_argument("shell", choices=SHELLS, help="shell of the script")


def print_script(options: argparse.Namespace) -> int:
    """Print the script for a shell."""
    from argcomplete.shell_integration import shellcode

    sys.stdout.write(shellcode([program.PACKAGE], shell=options.shell))
    return 0


def answer(parser: argparse.ArgumentParser) -> None:
    """Print the answer for the shell, and end the process."""
    import argcomplete

    _add_completers(parser)
    argcomplete.autocomplete(parser)


def _add_completers(parser: argparse.ArgumentParser) -> None:
    """Add the completer of each argument to it. argcomplete itself completes choices, and all others as files."""
    for action in parser._actions:  # noqa: SLF001  argparse has no public list
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  it has no public name
            for below in action.choices.values():
                _add_completers(below)
        elif completer := _completer(action):
            action.completer = completer  # type: ignore[attr-defined]  # the attribute that argcomplete reads


def _completer(action: argparse.Action) -> Completer | None:
    """Return the completer of an argument, or None for the default of argcomplete."""
    by_name: dict[str, Completer] = {
        "stack": _stacks,
        "stacks": _stacks,
        "name": _templates,
        "names": _templates,
        "template": _templates_and_files,
        "without": _listed(FEATURES),
        "region": _listed(REGIONS),
    }
    if action.dest in by_name:
        return by_name[action.dest]
    is_file = not action.metavar or any(word in str(action.metavar) for word in ("FILE", "DIR"))
    return None if action.choices or is_file else _nothing


def _listed(names: Iterable[str]) -> Completer:
    """Return a completer for names that are separated by commas."""

    def complete(prefix: str, **_: object) -> list[str]:
        before, comma, _word = prefix.rpartition(",")
        return [f"{before}{comma}{name}" for name in names if name not in before.split(",")]

    return complete


def _stacks(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    return _tables("stack", parsed_args)


def _templates(parsed_args: argparse.Namespace, **_: object) -> list[str]:
    return [*TEMPLATES, *_tables("template", parsed_args)]


def _templates_and_files(prefix: str, parsed_args: argparse.Namespace, **_: object) -> list[str]:
    from argcomplete.completers import FilesCompleter

    return [*_templates(parsed_args), *FilesCompleter()(prefix)]


def _nothing(**_: object) -> list[str]:
    return []


def _tables(kind: str, arguments: argparse.Namespace) -> list[str]:
    """Return the names of the templates or stacks of the configuration file, also if the file has other problems."""
    import tomli

    from smtemplates.config.project import find_project

    chosen = getattr(arguments, "config", None)
    path = Path(chosen) if chosen else find_project(Path())
    with suppress(OSError, ValueError, AttributeError):
        return list(tomli.loads(path.read_text(encoding="utf-8")).get(kind, {})) if path else []
    return []


COMMAND = Command(
    name="completion",
    help="print a script that completes the command in a shell",
    description=DESCRIPTION,
    examples=EXAMPLES,
    add=add_completion,
    run="smtemplates.cli.completion:print_script",
)

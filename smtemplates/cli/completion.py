"""The command `completion`, and the answers to the completion key of a shell.

The shell runs the command itself for each answer, so that completion is up to date after an update of the package and
after a change of the configuration file. argcomplete is the only library that supports bash, zsh and fish in this way.
"""

# ruff: noqa: PLC0415 - the libraries are imported only for a script or an answer
from __future__ import annotations

import argparse
import sys

from smtemplates.cli.command import Command
from smtemplates.console import program

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


def add_completion(command: argparse.ArgumentParser) -> None:
    command.add_argument("shell", choices=SHELLS, help="shell of the script")


def print_script(options: argparse.Namespace) -> int:
    from argcomplete.shell_integration import shellcode

    sys.stdout.write(shellcode([program.PACKAGE], shell=options.shell))
    return 0


def answer(parser: argparse.ArgumentParser) -> None:
    """Print the answer for the shell, and end the process."""
    import argcomplete

    from smtemplates.cli.completer import Completer

    argcomplete.autocomplete(parser, default_completer=Completer())


COMMAND = Command(
    name="completion",
    help="print a script that completes the command in a shell",
    description=DESCRIPTION,
    examples=EXAMPLES,
    add="smtemplates.cli.completion:add_completion",
    run="smtemplates.cli.completion:print_script",
)

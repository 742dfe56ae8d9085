"""The program that was run, for messages that recommend a command."""

from __future__ import annotations

import re

PACKAGE = "smtemplates"
MODULE = f"python -m {PACKAGE}"

# The scripts of a checkout by the first word of the commands that they run.
SCRIPTS = {
    **dict.fromkeys(
        ("plan", "deploy", "status", "outputs", "drift", "rollback", "destroy"),
        "scripts/deploy.py",
    ),
    "publish": "scripts/publish.py",
    "local": "scripts/local_cloud.py",
}
# Scripts that run the commands below one word, which is not repeated: scripts/publish.py version.
_WITHOUT_FIRST_WORD = {"publish", "local"}
_EXAMPLE = re.compile(rf"^(?P<start> *(?:eval \"\$\()?){PACKAGE} (?P<words>[a-z]+(?: [a-z]+)?)", re.MULTILINE)

_name = PACKAGE


def use(name: str) -> None:
    """Set the program that was run: PACKAGE, MODULE or one of SCRIPTS."""
    global _name  # noqa: PLW0603  one process runs one program
    _name = name


def name() -> str:
    """Return the program that was run."""
    return _name


def title() -> str:
    """Return the program as it starts its messages: the file name of a script, or the package."""
    return _name.rpartition("/")[2] if is_script() else PACKAGE


def is_script() -> bool:
    """Return whether a script of a checkout was run."""
    return _name in SCRIPTS.values()


def command(*words: str) -> str:
    """Return a command of the program that was run.

    >>> command("status", "churn")
    'smtemplates status churn'
    """
    if not is_script():
        return " ".join((_name, *words))
    first = words[0]
    if first not in SCRIPTS:
        return " ".join((MODULE, *words))
    return " ".join((SCRIPTS[first], *words[first in _WITHOUT_FIRST_WORD :]))


def examples(text: str) -> str:
    """Return the examples of a help text, which begin with `smtemplates`, with the name of the current program."""
    return _EXAMPLE.sub(lambda found: found["start"] + command(*found["words"].split()), text)

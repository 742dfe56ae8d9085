"""Write the page about troubleshooting: every message of the deployer by its cause, with the steps to take."""

from __future__ import annotations

from pathlib import Path

from failure_messages import Message, messages

from smtemplates.errors import Error
from smtemplates.reference.markdown import GENERATED, prose, table

PAGE = Path("docs", "troubleshooting.md")
INTRODUCTION = """\
# Troubleshooting

This page lists the messages of `plan`, `deploy`, `destroy`, `rollback`, `status`, `outputs`, `drift` and `publish`.
A message contains the cause, and the
next step. Words in capital letters stand for values. The [exit codes](reference/exit-codes.md) are those of
the command.

If a message is not enough, repeat the command with `--debug`. It then logs the calls to AWS, without their content.
"""
# Title, advice, and the beginnings of the paths of modules. The first group with a module contains its messages.
GROUPS = (
    (
        "The plan replaces or deletes resources",
        (
            "Read the plan: it names the property that replaces each resource. Undo the change of the "
            "parameter, or save the data and allow the change. [Changes of "
            "parameters](reference/workspace/parameters.md#changes-of-parameters) lists the parameters with "
            "such effects."
        ),
        ("deploy/change_sets/guard.py", "deploy/groups/deploying.py"),
    ),
    (
        "Studio contains files of users",
        (
            "Ask the users to save their files and to delete their spaces. Then repeat the command. "
            "`--clear-studio` deletes the spaces instead."
        ),
        ("deploy/studio/",),
    ),
    (
        "A deployment fails",
        (
            "The message contains the first cause from the events of the stack. Correct the template or the "
            "parameters, and deploy again. `smtemplates status` shows the stack."
        ),
        (
            "deploy/change_sets/",
            "deploy/execution.py",
            "deploy/planning.py",
            "deploy/operations/",
            "deploy/resources/served_endpoints.py",
        ),
    ),
    (
        "A rollback fails, or needs a decision",
        (
            "Remove the cause that the message names, and repeat `smtemplates rollback`. [Roll "
            "back](how-to/roll-back.md) describes all states."
        ),
        ("deploy/recovery.py", "deploy/commands/recovery.py"),
    ),
    (
        "A stack cannot be deleted",
        "Remove the obstacle, and repeat `smtemplates destroy`. [Clean up](how-to/clean-up.md) lists the options.",
        (
            "deploy/destruction.py",
            "deploy/stack_deletion.py",
            "deploy/resources/buckets.py",
            "deploy/commands/removal.py",
            "deploy/groups/destroying.py",
            "deploy/api.py",
        ),
    ),
    (
        "Several stacks",
        "Correct the first stack that failed, and repeat the command. Stacks that are up to date do not change.",
        ("deploy/groups/", "deploy/commands/groups.py"),
    ),
    (
        "Drift detection fails",
        "Repeat the command. The role needs the permissions to read the resources of the stack.",
        ("deploy/resources/drift.py",),
    ),
    (
        "The template or its bucket is rejected",
        "The workspace template has more than 51,200 bytes, so it needs a staging bucket.",
        ("deploy/requests/staging.py", "deploy/requests/template.py", "aws/objects.py"),
    ),
    (
        "Parameters, parameter files and options are rejected",
        (
            "Nothing was changed. Correct the option or the file, and repeat the command. [Deploy a "
            "workspace](how-to/deploy.md#parameters) shows the format of the file."
        ),
        ("deploy/requests/", "deploy/commands/", "deploy/printing/"),
    ),
    (
        "Credentials and the network",
        (
            "`aws sts get-caller-identity` shows the identity that AWS sees. The deployer finds credentials as"
            " the AWS CLI does."
        ),
        ("aws/",),
    ),
    (
        "A version or link is not published",
        "Nothing that is published changes. Correct the option, and repeat the command.",
        ("publish/",),
    ),
)


def page() -> str:
    """Return the text of the page.

    Raises:
        Error: A module with messages is not in any group.
    """
    found = messages()
    if missing := sorted({each.module for each in found if _group(each) is None}):
        raise Error(f"scripts/troubleshooting.py: no row of GROUPS contains {', '.join(missing)}. Add them to a row.")
    written = [GENERATED + INTRODUCTION]
    for index, (title, advice, _) in enumerate(GROUPS):
        rows = dict.fromkeys((prose(each.text), str(each.code)) for each in found if _group(each) == index)
        written += [f"## {title}\n", f"{advice}\n", table(("Message", "Exit code"), rows)]
    return "\n".join(written)


def _group(message: Message) -> int | None:
    return next((index for index, (_, _, paths) in enumerate(GROUPS) if message.module.startswith(paths)), None)

"""The parts of the request of a stack: its template, its staging bucket, and the texts of its references."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from smtemplates.aws_data.credentials import kind_of_credential
from smtemplates.config.project import Project
from smtemplates.config.tables import StackTable
from smtemplates.config.values import Dynamic, OutputOf
from smtemplates.deploy.requests import staging
from smtemplates.synth.declarations import mapping

SSM = "{{resolve:ssm:"


def bucket_of(table: StackTable) -> staging.Bucket | None:
    """Return the staging bucket of a stack."""
    if table.staging is None:
        return None
    given = {
        "prefix": table.staging.prefix,
        "kms_key": table.staging.kms_key,
        "encryption": table.staging.encryption,
        "owner": table.staging.owner,
    }
    return staging.Bucket(name=table.staging.bucket, **{key: value for key, value in given.items() if value})


def environment_problem(variable: str, declared: Mapping[str, Any], name: str) -> str:
    """Return a sentence on an environment variable that cannot be the value of a parameter, or ''."""
    if variable not in os.environ:
        return f"the environment variable {variable} is not set."
    secret = str(mapping(declared.get(name)).get("NoEcho")).lower() == "true"
    kind = "" if secret else kind_of_credential(os.environ[variable])
    if kind:
        return (
            f"the environment variable {variable} looks like {kind}, and the parameter is not secret (NoEcho), so its "
            "value would be readable in the stack."
        )
    return ""


def reads_itself(declared: Mapping[str, Any] | None, name: str) -> bool:
    """Return whether a parameter has a type of Systems Manager, so that CloudFormation reads the value by its name."""
    return declared is not None and str(declared.get(name, {}).get("Type", "")).startswith("AWS::SSM::Parameter::")


def text_of(value: Dynamic, declared: Mapping[str, Any] | None, name: str) -> str:
    """Return the text that is sent for a dynamic reference: for a type of Systems Manager, only the name."""
    if reads_itself(declared, name) and value.reference.startswith(SSM):
        return value.reference.removeprefix(SSM).removesuffix("}}")
    return value.reference


def needed_stacks(project: Project) -> dict[str, tuple[str, ...]]:
    """Return, for each stack of the file, the stacks of the file whose outputs its parameters need."""
    return {
        table.name: tuple(
            value.stack
            for value in table.parameters.values()
            if isinstance(value, OutputOf) and value.stack in project.stacks
        )
        for table in project.stacks.values()
    }

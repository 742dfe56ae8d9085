"""Isolation: the boundary between the projects of one account, as a policy that denies access to other projects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import If, Parameter, Ref, Sub

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    choice_parameter,
    equals,
    is_empty,
    placeholder,
    rule,
    when,
)
from smtemplates.core.iam import policy_document, regional_arns
from smtemplates.templates.workspace.execution_role import ExecutionRole, execution_role_policy
from smtemplates.templates.workspace.isolation_rules import DENIED, Denied
from smtemplates.templates.workspace.project import Project

ACCOUNT, PROJECT = "Account", "Project"


@dataclass(frozen=True, kw_only=True)
class Isolation(Construct):
    """Contain the execution role, and the tags that its users must specify in commands and SDK defaults."""

    role: ExecutionRole
    is_project: NamedCondition
    tags: dict[str, str]

    def only(self, text: str) -> If:
        """Return a text for the tags, which is empty without isolation. Its placeholders can name the tag values."""
        return when(self.is_project, Sub(text) if "${" in text else text, "")

    def option(self) -> If:
        """Return the option for the tags in a command of the AWS CLI."""
        return self.only(" --tags " + " ".join(f"Key={key},Value={value}" for key, value in self.tags.items()))


def isolation(project: Project, execution_role: ExecutionRole) -> Isolation:
    """Build the parameter for the boundary of the role, and the policy that denies access to other projects.

    IAM evaluates a statement for each tag, because the keys of one condition must all match before a request is denied.
    Therefore most rows become two statements.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-logic-multiple-context-keys-or-values.html
    """
    boundary = choice_parameter(
        "Isolation",
        "Resources of other teams in this account that the role of this stack can change. Account: all resources of "
        "the types that it uses, such as pipelines, endpoints, models and jobs. Project: only resources that have the "
        "Project and Environment tags of this workspace. The role must then specify both tags for all resources that "
        "it creates. Before you choose Project, add the tags to existing resources. It requires least privilege.",
        (ACCOUNT, PROJECT),
        default=ACCOUNT,
    )
    chosen = equals(boundary, PROJECT)
    is_project = NamedCondition("IsolateProject", all_of(execution_role.least_privilege, chosen))
    tags = {"Project": project.name, "Environment": project.environment}
    document = policy_document(*(each for row in DENIED for each in _statements(row, tags)))
    return Isolation(
        title=execution_role.title,
        source=__name__,
        parameters={"Isolation": boundary},
        conditions=[is_project],
        rules={
            "IsolationNeedsItsRole": rule(
                "With Isolation set to Project, leave ExistingRoleArn empty and AccessLevel at LeastPrivilege. The "
                "boundary applies only to a role with least privilege that this stack creates.",
                is_empty(execution_role.existing),
                equals(execution_role.level, "LeastPrivilege"),
                given=chosen,
            )
        },
        resources=[execution_role_policy("IsolationPolicy", is_project, document)],
        role=execution_role,
        is_project=is_project,
        tags={key: placeholder(parameter) for key, parameter in tags.items()},
    )


def _statements(row: Denied, tags: Mapping[str, Parameter]) -> Iterator[dict[str, Any]]:
    """Yield the statements of a row: one for each tag, or one that depends on the name only."""
    statement = {
        "Effect": "Deny",
        "Action": [f"{row.service}:{action}" for action in row.actions],
        **(
            {"NotResource": _arns(row, row.other_than, tags)}
            if row.other_than
            else {"Resource": _arns(row, row.only, tags) or ["*"]}
        ),
    }
    if not row.tag:
        yield {"Sid": row.sid, **statement}
        return
    direct = {"Null": {"sagemaker:TaggingAction": "true"}} if row.direct else {}
    for key in row.keys:
        different = {"StringNotEquals": {f"{row.tag}/{key}": Ref(tags[key])}}
        yield {"Sid": row.sid + key, **statement, "Condition": {**different, **direct}}


def _arns(row: Denied, resources: Sequence[str], tags: Mapping[str, Parameter]) -> list[Any]:
    return [
        arn
        for resource in resources
        for arn in regional_arns(
            row.service,
            resource,
            **({"Workspace": Sub("-".join(map(placeholder, tags.values())))} if "${Workspace}" in resource else {}),
        )
    ]

"""Instance rules: in production, instances with accelerators need an explicit list of the allowed types."""

from __future__ import annotations

from typing import Any

from troposphere import Not, Parameter, Ref

from smtemplates.aws_data.instance_types import ACCELERATED
from smtemplates.core.construct import Test, all_of, equals, is_empty, rule
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.project import Project


def accelerators_need_list(project: Project, role: ExecutionRole, instance_type: Parameter, used: Test) -> Any:
    """Return a Rule for an instance type, if the `used` test is true. An existing role has no list.

    Rules can compare complete values only, so the Rule contains all types with accelerators.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-rules.html
    """
    return rule(
        f"With Environment=prd, {instance_type.title} can have GPUs or other accelerators only if AllowedInstanceTypes "
        "lists the types that the workspace can use. Enter the list, or choose a type without accelerators.",
        Not({"Fn::Contains": [list(ACCELERATED), Ref(instance_type)]}),
        given=all_of(used, equals(project.environment, "prd"), is_empty(role.instance_types), is_empty(role.existing)),
    )

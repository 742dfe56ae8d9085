"""The outputs of stacks that other stacks need: their present values, and whether a change affects them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.console import program
from smtemplates.deploy.change_sets.change_plan import Plan, ResourceChange
from smtemplates.deploy.groups.target import Need, Target
from smtemplates.deploy.operations import stack as stacks
from smtemplates.errors import Error, UsageError, nearest
from smtemplates.evaluate import Stack as Evaluated
from smtemplates.evaluate import references
from smtemplates.evaluate.sections import can_grow, entries
from smtemplates.synth.declarations import mapping


def read_values(target: Target) -> dict[str, str]:
    """Return the present values of the parameters that need outputs of other stacks.

    Raises:
        DeploymentError: A stack does not exist, or has no such output.
    """
    found: dict[tuple[int, str], stacks.Stack] = {}
    values = {}
    for parameter, need in target.needs.items():
        key = id(need.cloud), need.stack
        if key not in found:
            stack = stacks.existing(stacks.find(need.cloud, need.stack))
            if stack is None:
                raise DeploymentError(_not_deployed(target, parameter, need))
            found[key] = stack
        outputs = found[key].outputs
        if need.output not in outputs:
            raise DeploymentError(missing_output(target.name, parameter, need, outputs))
        values[parameter] = outputs[need.output].value
    return {**values, **{parameter: _stored(target, parameter, name) for parameter, name in target.stored.items()}}


def _stored(target: Target, parameter: str, name: str) -> str:
    """Return the value of a parameter of Systems Manager.

    The value is read here, and not by CloudFormation: a plan shows it, the template checks it, and a new value is a
    change. CloudFormation does not find a new value behind an unchanged dynamic reference.

    Raises:
        DeploymentError: The parameter does not exist, or its value is a secret.

    Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
    Source: https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/844
    """
    use = f"Parameter {parameter} of stack {target.name} needs {name} of Systems Manager"
    try:
        found = target.cloud.call("ssm", "get_parameter", Name=name)["Parameter"]
    except CloudError as error:
        if error.code not in ("ParameterNotFound", "ParameterVersionNotFound"):
            raise
        raise DeploymentError(
            f"{use}, which does not exist in {target.cloud.region}. Create it, or correct the name."
        ) from error
    if found["Type"] == "SecureString":
        raise DeploymentError(
            f"{use}, which is a SecureString. Its value would be readable in the stack. Use a secret of Secrets "
            "Manager instead."
        )
    return str(found["Value"])


def _not_deployed(target: Target, parameter: str, need: Need) -> str:
    known = need.target or need.stack
    deploy = program.command("deploy", known, *([target.name] if need.target else []))
    return (
        f"Parameter {parameter} of stack {target.name} needs output {need.output} of stack {need.stack}, which does "
        f"not exist in {need.cloud.region}. To deploy it first, run: {deploy}"
    )


def missing_output(name: str, parameter: str, need: Need, outputs: Iterable[str]) -> str:
    """Return a sentence on an output that a stack does not have, with the nearest name."""
    near = nearest(need.output, outputs, always=True)
    advice = f": did you mean {near}?" if near else ", because it has no outputs."
    return f"Parameter {parameter} of stack {name} needs output {need.output}, which {need.stack} does not have{advice}"


def check_declared(target: Target, producers: Mapping[str, Target]) -> None:
    """Check that the templates of the run declare the parameters of a target and the outputs that they need.

    Raises:
        UsageError: A template does not declare one of them.
    """
    problems = []
    declared_here = target.request.template.parameters
    for parameter in sorted(target.later - declared_here.keys()):
        near = nearest(parameter, declared_here, always=True)
        advice = f": did you mean {near}?" if near else ", because it has no parameters."
        problems.append(f"The template of stack {target.name} has no parameter {parameter}{advice}")
    for parameter, need in target.needs.items():
        if need.target is not None and need.target in producers:
            content = producers[need.target].request.template.content
            declared = entries(content, "Outputs")
            if need.output not in declared and not can_grow(content, "Outputs"):
                problems.append(missing_output(target.name, parameter, need, declared))
    if problems:
        raise UsageError("\n".join(problems))


def unaffected(need: Need, producer: Target, plan: Plan) -> bool:
    """Return whether the plan of a producer leaves the value of an output unchanged.

    An output is affected if its expression has another result, or refers to a resource that the plan creates,
    replaces, deletes or, for an attribute, updates. It also counts as affected if this cannot be evaluated.
    """
    if plan.up_to_date:
        return True
    if plan.kind == "CREATE":
        return False
    cloud = producer.cloud
    before = stacks.find(cloud, plan.stack_id)
    content = None if before is None else stacks.template(cloud, StackName=plan.stack_id, TemplateStage="Original")
    if before is None or content is None:
        return False
    secret = {
        name: uuid.uuid4().hex
        for name in producer.request.template.secret_names & producer.request.settings.parameters.keys()
    }
    old = _expression(content, before.parameters, plan, need.output)
    new = _expression(producer.request.template.content, {**plan.parameters, **secret}, plan, need.output)
    return old is not None and old == new and not _refers_to(new, plan.changes)


def _expression(content: Mapping[str, Any], parameters: Mapping[str, str], plan: Plan, output: str) -> Any:
    """Return the value of an output, in which references to resources remain; None if it cannot be evaluated."""
    pseudo = {"AWS::StackId": plan.stack_id, "AWS::StackName": plan.stack, "AWS::Region": plan.region}
    try:
        evaluated = Evaluated(content, parameters, pseudo=pseudo).readable_template()
    except Error:
        return None
    return mapping(mapping(evaluated.get("Outputs")).get(output)).get("Value")


def _refers_to(expression: Any, changes: Sequence[ResourceChange]) -> bool:
    """Return whether an expression refers to a resource in a way that its change affects.

    A Ref is the physical ID, which an update does not change.
    """
    changed = {change.logical_id: change for change in changes}
    try:
        found = list(references(expression))
    except Error:
        return True
    for reference in found:
        change = changed.get(reference.target)
        if change is None or change.fate == "record":
            continue
        if change.fate != "update" or reference.attribute is not None:
            return True
    return False

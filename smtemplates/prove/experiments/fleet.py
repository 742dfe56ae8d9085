"""A stack set with workspaces in two Regions."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from smtemplates.aws.errors import DENIED, CloudError
from smtemplates.aws_data.partitions import partition_of
from smtemplates.aws_data.usage_prices import REQUESTS
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.resources import stack_sets
from smtemplates.deploy.reviewer import Silent
from smtemplates.errors import UsageError
from smtemplates.prove.experiment import Charge, Experiment
from smtemplates.prove.roles import ROLE_MINUTES, as_role
from smtemplates.prove.staged import BUCKET, OUTPUT, ROOT, policy, stage, template_for_core, trust
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import SMALL, core, only

SUFFIX = "-fleet"
SETTING, CHANGED = "NoncurrentVersionExpirationDays", "30"
# Regions that every account of the partition has enabled.
OTHERS = {
    "aws": ("us-west-2", "us-east-1"),
    "aws-us-gov": ("us-gov-west-1", "us-gov-east-1"),
    "aws-cn": ("cn-north-1", "cn-northwest-1"),
}


def roles() -> dict[str, Any]:
    """Return the two roles of StackSets. The account can assume the first one, to see when both have an effect.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html
    """
    administrator = {"Fn::GetAtt": ["Administration", "Arn"]}
    execution = {"Fn::GetAtt": ["Execution", "Arn"]}
    full = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AdministratorAccess"}
    services = {**ROOT, "Service": "cloudformation.amazonaws.com"}
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": execution}
    return {
        "Administration": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust(services)}},
        "Execution": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": trust({"AWS": administrator}), "ManagedPolicyArns": [full]},
        },
        "AssumeExecution": {
            "Type": "AWS::IAM::Policy",
            "Properties": {
                "PolicyName": "execution",
                "Roles": [{"Ref": "Administration"}],
                "PolicyDocument": policy(assume),
            },
        },
    }


@cache
def fleet() -> dict[str, Any]:
    """Return the stack set for the workspace without optional features."""
    return template_for_core("stack-set")


def other_region(region: str) -> str:
    """Return another Region of the same partition.

    Raises:
        UsageError: None is known.
    """
    found = next((one for one in OTHERS.get(partition_of(region)[0], ()) if one != region), None)
    if found is None:
        raise UsageError(f"No second Region is known for {region}. Choose a Region of another partition.")
    return found


def wait_for_roles(trial: Trial, administration: str, execution: str) -> None:
    """Wait until the first role can assume the second one."""
    administrator = as_role(trial, administration)

    def question() -> bool | None:
        try:
            administrator.call("sts", "assume_role", RoleArn=execution, RoleSessionName="prove")
        except CloudError as error:
            if error.code in DENIED:
                return None
            raise
        return True

    trial.until("the roles of StackSets can be assumed", question, minutes=ROLE_MINUTES)


def reported(trial: Trial) -> dict[str, str]:
    """Return the status of each Region as the deployer reports it for the stack set."""
    stack = stacks.get(trial.cloud, f"{trial.stack}{SUFFIX}")
    (found,) = stack_sets.find(trial.cloud, stack, Silent())
    return {one.region: one.state for one in found.instances}


def settings(trial: Trial) -> dict[str, str]:
    """Return the value of the changed setting in the stack of each Region."""
    stack = stacks.get(trial.cloud, f"{trial.stack}{SUFFIX}")
    (found,) = stack_sets.find(trial.cloud, stack, Silent())
    values = {}
    for one in found.instances:
        described = trial.cloud.again(one.region).call("cloudformation", "describe_stacks", StackName=one.stack_id)
        parameters: list[Mapping[str, str]] = described["Stacks"][0]["Parameters"]
        values[one.region] = next(each["ParameterValue"] for each in parameters if each["ParameterKey"] == SETTING)
    return values


def run(trial: Trial) -> str:
    """Create, update and reduce a stack set with parts of a workspace in two Regions."""
    names = {"Administration": "Arn", "Execution": "Arn"}
    arns = {name: {"Fn::GetAtt": [name, attribute]} for name, attribute in names.items()}
    outputs = {**OUTPUT, **arns, "ExecutionName": {"Ref": "Execution"}}
    first = trial.deploy(
        {
            "Resources": {**BUCKET, **roles()},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
    )
    wait_for_roles(trial, first["Administration"], first["Execution"])
    regions = sorted((trial.cloud.region, other_region(trial.cloud.region)))
    given = {
        **SMALL,
        "TemplateUrl": stage(trial, first["Templates"], only(core(), "InputBucket", "ExecutionRole")),
        "AccountIds": trial.cloud.account,
        "Regions": ",".join(regions),
        "AdministrationRoleArn": first["Administration"],
        "ExecutionRoleName": first["ExecutionName"],
    }
    trial.deploy(fleet(), suffix=SUFFIX, refuting=True, parameters=given)
    trial.check(reported(trial), dict.fromkeys(regions, "CURRENT"), "Stacks after the creation")
    given[SETTING] = CHANGED
    trial.deploy(fleet(), suffix=SUFFIX, refuting=True, parameters=given)
    trial.check(reported(trial), dict.fromkeys(regions, "CURRENT"), "Stacks after the update")
    trial.check(settings(trial), dict.fromkeys(regions, CHANGED), f"{SETTING} in the stacks after the update")
    given["Regions"] = trial.cloud.region
    trial.deploy(fleet(), suffix=SUFFIX, refuting=True, parameters=given)
    trial.check(reported(trial), {trial.cloud.region: "CURRENT"}, "Stacks after the removal of a Region")
    return "The stack set created and updated the stacks in both Regions, and deleted one. Each was reported."


EXPERIMENT = Experiment(
    name="fleet-regions",
    creates=(
        "a stack with a bucket for the template, and the two roles of StackSets, one of them with all permissions",
        "a second stack with a stack set, which creates the input bucket and the role of a workspace in two Regions",
    ),
    asks=(
        "Deploy the stack set, and read the status of each Region as the command status shows it.",
        "Change a parameter, and read the status and the parameter in both Regions.",
        "Remove the other Region, and read the status again.",
    ),
    refuted_by="A deployment fails, or the status or the parameter in a Region is another one.",
    charges=(Charge(2, REQUESTS),),
    minutes=60,
    run=run,
)

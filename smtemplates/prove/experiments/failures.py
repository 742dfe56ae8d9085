"""Deployments that AWS rejects: a quota of IAM, and a function that CloudFormation may not invoke."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtemplates.aws.errors import DeploymentError
from smtemplates.aws_data.usage_prices import REQUESTS
from smtemplates.prove.experiment import Charge, Experiment, RefutedError
from smtemplates.prove.staged import policy, trust
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import with_resources

QUOTA = "PoliciesPerRole"
INVOKE = "lambda:InvokeFunction"
SUFFIX = "-custom"
SERVICE_SECONDS = 60
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
CODE = """\
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {}, "prove")
"""


def policies(first: int, last: int) -> dict[str, Any]:
    """Return a template with a role that cannot be assumed, and with policies that attach themselves to it."""
    nobody = {"Effect": "Deny", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    harmless = policy({"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"})
    resources: dict[str, Any] = {
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": policy(nobody)}}
    }
    for number in range(first, last):
        properties = {"PolicyDocument": harmless, "Roles": [{"Ref": "Role"}]}
        resources[f"Policy{number}"] = {"Type": "AWS::IAM::ManagedPolicy", "Properties": properties}
    return {"Resources": resources}


def check_rejected(trial: Trial, text: str, template: Mapping[str, Any], **fields: Any) -> None:
    """Deploy a stack that AWS must reject with a reason that contains a text.

    Raises:
        RefutedError: The deployment succeeded.
        DeploymentError: It failed for another reason.
    """
    try:
        trial.deploy(template, **fields)
    except DeploymentError as error:
        trial.note(f"The deployment failed. {error}")
        if text in str(error):
            return
        raise
    raise RefutedError("The deployment succeeded.")


def run_quota(trial: Trial) -> str:
    """Replace a policy of a role that has as many as IAM allows."""
    most = trial.call("iam", "get_account_summary")["SummaryMap"]["AttachedPoliciesPerRoleQuota"]
    trial.deploy(policies(0, most))
    trial.only_in_aws("it has no quotas.")
    check_rejected(trial, QUOTA, policies(1, most + 1))
    return "The update failed with the quota of policies, because the new policy was attached first."


def run_function(trial: Trial) -> str:
    """Create a custom resource with a role that may not invoke its function."""
    lambda_trust, stack_trust = (trust({"Service": f"{name}.amazonaws.com"}) for name in ("lambda", "cloudformation"))
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": {"Fn::GetAtt": ["FunctionRole", "Arn"]},
        "Code": {"ZipFile": CODE},
    }
    resources = {
        "FunctionRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": lambda_trust}},
        "StackRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": stack_trust}},
        "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
    }
    names = {name: {"Fn::GetAtt": [name, "Arn"]} for name in ("Function", "StackRole")}
    outputs = trial.deploy(with_resources({"Resources": {}}, resources, names))
    trial.only_in_aws("it does not make the decisions of IAM.")
    properties = {"ServiceToken": outputs["Function"], "ServiceTimeout": str(SERVICE_SECONDS)}
    template = {"Resources": {"Custom": {"Type": "Custom::Prove", "Properties": properties}}}
    check_rejected(trial, INVOKE, template, suffix=SUFFIX, role_arn=outputs["StackRole"])
    return "CloudFormation could not invoke the function with a role that does not allow it."


QUOTA_EXPERIMENT = Experiment(
    name="policy-quota",
    creates=(
        "a stack with a role that cannot be assumed, and as many managed policies for it as IAM allows (by default 10)",
    ),
    asks=("Read the quota.", "Update the stack so that one of the policies is replaced by a new one."),
    refuted_by="The update succeeds.",
    charges=(Charge(1, REQUESTS),),
    minutes=15,
    run=run_quota,
)
FUNCTION_EXPERIMENT = Experiment(
    name="function-role",
    creates=(
        "a stack with a function, its role, and a role for CloudFormation without permissions",
        "a second stack with a custom resource of this function, which is created with the role for CloudFormation",
    ),
    asks=("Create the second stack, and read why it failed.",),
    refuted_by="The creation succeeds.",
    charges=(Charge(1, REQUESTS),),
    minutes=20,
    run=run_function,
)

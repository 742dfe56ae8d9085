"""Decisions of IAM: calls with roles that may and may not make them. No call changes anything.

Source: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteNetworkInterface.html (a dry run)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtemplates.aws_data.usage_prices import REQUESTS
from smtemplates.prove import jobs, studio
from smtemplates.prove.experiment import Charge, Experiment
from smtemplates.prove.roles import Question, as_role, check_allowed, check_denied, check_order, role_resource
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import with_resources, workspace

NO_IAM = "it does not make the decisions of IAM."
CAP_SECONDS, MORE_SECONDS = 600, 1200
STRANGER = "Stranger"
UNKNOWN_STORE = "cks-0123456789abcdef0"
TAG_KEY = "Project"


def with_stranger(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a workspace whose execution role the account can assume, and a role without permissions."""
    outputs = {STRANGER: {"Fn::GetAtt": [STRANGER, "Arn"]}}
    return with_resources(studio.assumable(dict(template)), {STRANGER: role_resource()}, outputs)


def allowing(*actions: str, **fields: Any) -> dict[str, Any]:
    """Return a statement that allows actions on all resources, unless the fields name others."""
    return {"Effect": "Allow", "Action": [*actions], "Resource": "*", **fields}


def run_warm_pools(trial: Trial) -> str:
    """Request a training job with a warm pool beyond the limit. SageMaker rejects both requests, so no job starts."""
    outputs = trial.deploy(with_stranger(workspace(fix={"MaxJobRuntimeSeconds": str(CAP_SECONDS)})))
    trial.only_in_aws(NO_IAM)
    within, beyond = (_training(trial, outputs["ExecutionRoleArn"], size) for size in (CAP_SECONDS, MORE_SECONDS))
    check_order(trial, as_role(trial, outputs[STRANGER]), within)
    role = as_role(trial, outputs["ExecutionRoleArn"])
    check_allowed(trial, role, within)
    check_denied(trial, role, beyond)
    return "IAM denied the warm pool beyond the limit, and allowed the one within it."


def _training(trial: Trial, role: str, seconds: int) -> Question:
    """Return the request for a training job that SageMaker rejects, because its bucket has no valid name."""
    request = {
        "TrainingJobName": trial.new_name(),
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": jobs.image(trial.cloud.region), "TrainingInputMode": "File"},
        "OutputDataConfig": {"S3OutputPath": "s3://-"},
        "ResourceConfig": {
            "InstanceType": jobs.INSTANCE,
            "InstanceCount": 1,
            "VolumeSizeInGB": jobs.VOLUME_GB,
            "KeepAlivePeriodInSeconds": seconds,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": CAP_SECONDS},
        "Tags": trial.tag_list,
    }
    what = f"A warm pool of {seconds} seconds"
    return Question(what=what, service="sagemaker", operation="create_training_job", arguments=request)


def run_approval(trial: Trial) -> str:
    """Register and change versions of a model in a group that does not exist, so that SageMaker rejects each call."""
    group = trial.stack
    outputs = trial.deploy(with_stranger(workspace(["registry"], fix={"ExistingModelPackageGroupName": group})))
    trial.only_in_aws(NO_IAM)
    arn = outputs["ExecutionRoleArn"].split(":")
    version = f"arn:{arn[1]}:sagemaker:{trial.cloud.region}:{arn[4]}:model-package/{group}/1"
    pending = _version("create", ModelPackageGroupName=group, ModelApprovalStatus="PendingManualApproval")
    rejecting = _version("update", ModelPackageArn=version, ModelApprovalStatus="Rejected")
    stranger = as_role(trial, outputs[STRANGER])
    for question in (pending, rejecting):
        check_order(trial, stranger, question)
    role = as_role(trial, outputs["ExecutionRoleArn"])
    for question in (pending, rejecting):
        check_allowed(trial, role, question)
    for question in (
        _version("create", ModelPackageGroupName=group, ModelApprovalStatus="Approved"),
        _version("update", ModelPackageArn=version, ModelApprovalStatus="Approved"),
        _version("update", ModelPackageArn=version, ApprovalDescription="proving"),
    ):
        check_denied(trial, role, question)
    return "IAM allowed the role to register and reject a version, and denied approvals and changes without a status."


def _version(verb: str, **arguments: str) -> Question:
    what = f"{verb.title()} a version with status {arguments.get('ModelApprovalStatus', 'not in the request')}"
    return Question(what=what, service="sagemaker", operation=f"{verb}_model_package", arguments=arguments)


def run_interfaces(trial: Trial) -> str:
    """Ask whether a role that is limited to a VPC may delete network interfaces in this VPC and in another one."""
    trial.only_in_aws(NO_IAM)
    resources: dict[str, Any] = {}
    for name in ("Own", "Other"):
        resources[f"{name}Vpc"] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/24"}}
        subnet = {"VpcId": {"Ref": f"{name}Vpc"}, "CidrBlock": "10.0.0.0/28"}
        resources[f"{name}Subnet"] = {"Type": "AWS::EC2::Subnet", "Properties": subnet}
        properties = {"SubnetId": {"Ref": f"{name}Subnet"}}
        resources[name] = {"Type": "AWS::EC2::NetworkInterface", "Properties": properties}
    vpc = {"ArnLike": {"ec2:Vpc": {"Fn::Sub": "arn:*:ec2:*:*:vpc/${OwnVpc}"}}}
    resources["Role"] = role_resource(allowing("ec2:DeleteNetworkInterface", Condition=vpc))
    names = {"Own": {"Ref": "Own"}, "Other": {"Ref": "Other"}, "Role": {"Fn::GetAtt": ["Role", "Arn"]}}
    outputs = trial.deploy(with_resources({"Resources": {}}, resources, names))
    role = as_role(trial, outputs["Role"])
    check_allowed(trial, role, _deletion("its VPC", outputs["Own"]))
    check_denied(trial, role, _deletion("another VPC", outputs["Other"]))
    return "IAM allowed the deletion in the VPC of the condition, and denied the deletion in another VPC."


def _deletion(place: str, interface: str) -> Question:
    arguments = {"NetworkInterfaceId": interface, "DryRun": True}
    what = f"Delete a network interface in {place}"
    return Question(what=what, service="ec2", operation="delete_network_interface", arguments=arguments)


def run_streams(trial: Trial) -> str:
    """Set the retention of a log group with a role that is limited to the ARN with an empty log stream name."""
    scope = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${Group}"
    resources = {"Group": {"Type": "AWS::Logs::LogGroup"}}
    names: dict[str, Any] = {"Group": {"Ref": "Group"}}
    for name, suffix in (("Empty", ":log-stream:"), ("Named", ":log-stream:?*")):
        resources[name] = role_resource(allowing("logs:PutRetentionPolicy", Resource={"Fn::Sub": f"{scope}{suffix}"}))
        names[name] = {"Fn::GetAtt": [name, "Arn"]}
    outputs = trial.deploy(with_resources({"Resources": {}}, resources, names))
    trial.only_in_aws(NO_IAM)
    arguments = {"logGroupName": outputs["Group"], "retentionInDays": 1}
    question = Question(what="Set the retention", service="logs", operation="put_retention_policy", arguments=arguments)
    check_allowed(trial, as_role(trial, outputs["Empty"]), question)
    check_denied(trial, as_role(trial, outputs["Named"]), question)
    return "IAM allowed the call with the empty log stream name, and denied it with names that are not empty."


def run_key_tags(trial: Trial) -> str:
    """Request a key with tags in a key store that does not exist, so that KMS creates none."""
    by_request = {"StringEquals": {f"aws:RequestTag/{TAG_KEY}": "prove"}}
    by_resource = {"StringEquals": {f"aws:ResourceTag/{TAG_KEY}": "prove"}}
    creating = allowing("kms:CreateKey")
    roles = {
        STRANGER: role_resource(creating),
        "ByRequest": role_resource(creating, allowing("kms:TagResource", Condition=by_request)),
        "ByResource": role_resource(creating, allowing("kms:TagResource", Condition=by_resource)),
    }
    names = {name: {"Fn::GetAtt": [name, "Arn"]} for name in roles}
    outputs = trial.deploy(with_resources({"Resources": {}}, roles, names))
    trial.only_in_aws(NO_IAM)
    tags = [{"TagKey": TAG_KEY, "TagValue": "prove"}]
    arguments = {"Origin": "AWS_CLOUDHSM", "CustomKeyStoreId": UNKNOWN_STORE, "Tags": tags}
    question = Question(what="Create a key with tags", service="kms", operation="create_key", arguments=arguments)
    check_order(trial, as_role(trial, outputs[STRANGER]), question)
    check_allowed(trial, as_role(trial, outputs["ByRequest"]), question)
    check_denied(trial, as_role(trial, outputs["ByResource"]), question)
    return "IAM allowed the tags with a condition on the request, and denied them with a condition on the key."


def experiment(name: str, run: Any, creates: str, asks: tuple[str, ...]) -> Experiment:
    """Return an experiment with calls that IAM allows or denies, which costs only requests."""
    refuted_by = "IAM denies a call that it should allow, or does not deny a call that it should deny."
    charges = (Charge(1, REQUESTS),)
    return Experiment(
        name=name, creates=(creates,), asks=asks, refuted_by=refuted_by, charges=charges, minutes=20, run=run
    )


CONTROL = "Send the first request with a role without permissions. IAM must deny it before AWS rejects it as invalid."
A_WORKSPACE = (
    "a stack with the buckets, the execution role, which the account can assume, and a role without permissions"
)
WARM_POOLS_EXPERIMENT = experiment(
    "warm-pools",
    run_warm_pools,
    f"{A_WORKSPACE}, with jobs of at most ten minutes",
    (
        CONTROL,
        (
            "As the execution role, request a training job with a warm pool of ten minutes and an invalid output path. "
            "IAM must allow it."
        ),
        "Request the same job with a warm pool of twenty minutes. IAM must deny it.",
    ),
)
APPROVAL_EXPERIMENT = experiment(
    "model-approval",
    run_approval,
    A_WORKSPACE,
    (
        CONTROL,
        (
            "As the execution role, register a version that waits for approval, in a group that does not exist, and "
            "reject a version that does not exist. IAM must allow both."
        ),
        (
            "Register an approved version, approve a version, and change a version without setting its status. IAM "
            "must deny all three."
        ),
    ),
)
INTERFACES_EXPERIMENT = experiment(
    "network-interfaces",
    run_interfaces,
    "a stack with two VPCs, each with a subnet and a network interface, and a role that is limited to one of them",
    (
        "As the role, delete the network interface in its VPC in a dry run. IAM must allow it.",
        "Delete the network interface in the other VPC in a dry run. IAM must deny it.",
    ),
)
STREAMS_EXPERIMENT = experiment(
    "log-streams",
    run_streams,
    "a stack with a log group, a role for its ARN with an empty log stream name, and a role for all other names",
    ("Set the retention of the log group with each role. IAM must allow it to the first role only.",),
)
KEY_TAGS_EXPERIMENT = experiment(
    "key-tags",
    run_key_tags,
    "a stack with three roles that may create keys. One may add tags if the tags of the request match, one if the tags "
    "of the key match, and one may not add tags",
    (
        (
            "As each role, create a key with tags in a key store that does not exist. IAM must allow it only to the "
            "role that is limited by the tags of the request."
        ),
    ),
)

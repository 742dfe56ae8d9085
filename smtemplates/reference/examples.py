"""Example names and ARNs of resources, so that the reference can show complete outputs and IAM policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smtemplates.evaluate import Stack

ACCOUNT, REGION, STACK = "111122223333", "us-east-1", "churn"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/0123abcd-4567-89ab-cdef-0123456789ab",
}
# Values of Ref (None) and of attributes that differ from the resource name, which is {name}.
_SHAPES = {
    ("AWS::IAM::Role", "Arn"): "arn:aws:iam::{account}:role/{name}",
    ("AWS::IAM::ManagedPolicy", None): "arn:aws:iam::{account}:policy/{name}",
    ("AWS::S3::Bucket", "Arn"): "arn:aws:s3:::{name}",
    ("AWS::KMS::Key", "Arn"): "arn:aws:kms:{region}:{account}:key/{name}",
    ("AWS::Lambda::Function", "Arn"): "arn:aws:lambda:{region}:{account}:function:{name}",
    ("AWS::Logs::LogGroup", "Arn"): "arn:aws:logs:{region}:{account}:log-group:{name}:*",
    ("AWS::CloudWatch::Alarm", "Arn"): "arn:aws:cloudwatch:{region}:{account}:alarm:{name}",
    ("AWS::SNS::Topic", None): "arn:aws:sns:{region}:{account}:{name}",
    ("AWS::ECR::Repository", "RepositoryUri"): "{account}.dkr.ecr.{region}.amazonaws.com/{name}",
    ("AWS::SSM::Parameter", None): "/{name}",
    ("AWS::EC2::EIP", None): "203.0.113.10",
    ("AWS::EC2::SecurityGroup", "GroupId"): "sg-0123456789abcdef0",
    ("AWS::EC2::Subnet", None): "subnet-0123456789abcdef0",
    ("AWS::EC2::Subnet", "AvailabilityZone"): "{region}a",
    ("AWS::EC2::VPC", None): "vpc-0123456789abcdef0",
    ("AWS::ServiceCatalog::CloudFormationProduct", None): "prod-abcdefghijklm",
    ("AWS::ServiceCatalog::Portfolio", None): "port-abcdefghijklm",
    ("AWS::SageMaker::Domain", None): "d-abcdefghijkl",
    ("AWS::SageMaker::Domain", "DomainArn"): "arn:aws:sagemaker:{region}:{account}:domain/d-abcdefghijkl",
    ("AWS::SageMaker::Domain", "Url"): "https://d-abcdefghijkl.studio.{region}.sagemaker.aws",
    ("AWS::SageMaker::NotebookInstance", None): "arn:aws:sagemaker:{region}:{account}:notebook-instance/{name}",
    ("AWS::SageMaker::ModelPackageGroup", None): "arn:aws:sagemaker:{region}:{account}:model-package-group/{name}",
    ("AWS::SageMaker::Endpoint", None): "arn:aws:sagemaker:{region}:{account}:endpoint/{name}",
    ("AWS::SageMaker::Model", None): "arn:aws:sagemaker:{region}:{account}:model/{name}",
    ("AWS::SageMaker::MlflowApp", None): "arn:aws:sagemaker:{region}:{account}:mlflow-app/app-0123456789AB",
    ("AWS::SageMaker::MlflowApp", "Arn"): "arn:aws:sagemaker:{region}:{account}:mlflow-app/app-0123456789AB",
}
# Properties in which the template itself sets the name of a resource.
_OWN_NAMES = {"AWS::IAM::Role": "RoleName", "AWS::IAM::ManagedPolicy": "ManagedPolicyName"}
# Types whose generated names are in lower case.
_LOWER_CASE = ("AWS::ECR::Repository", "AWS::S3::Bucket")


def example_stack(template: Mapping[str, Any], parameters: Mapping[str, str]) -> Stack:
    """Evaluate a template with names in the form that CloudFormation generates."""
    return _stack(template, parameters, "{stack}-{id}-1a2b3c4d5e6f")


def stack_with_logical_ids(template: Mapping[str, Any], parameters: Mapping[str, str]) -> Stack:
    """Evaluate a template with logical IDs as resource names, so that IAM policies are easy to read."""
    return _stack(template, parameters, "{id}")


def _stack(template: Mapping[str, Any], parameters: Mapping[str, str], naming: str) -> Stack:
    resources = Stack(template, parameters, pseudo=PSEUDO).resources if "{stack}" in naming else {}

    def physical(logical_id: str, attribute: str | None) -> str:
        type_ = template["Resources"][logical_id]["Type"]
        shown_id = logical_id.lower() if type_ in _LOWER_CASE and "{stack}" in naming else logical_id
        own_name = resources.get(logical_id, {}).get("Properties", {}).get(_OWN_NAMES.get(type_, ""))
        name = own_name or naming.format(stack=STACK, id=shown_id)
        shape = _SHAPES.get((type_, attribute), "{name}")
        return shape.format(name=name, region=REGION, account=ACCOUNT)

    return Stack(template, parameters, pseudo=PSEUDO, physical=physical)

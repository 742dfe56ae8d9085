"""Tests of the registry in other accounts: their policies together with the policies of group, bucket and key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import samples

from access.simulator import Policies, Request, verdicts
from smtemplates.evaluate import Stack
from smtemplates.reference.other_accounts import model_role_policy, user_policy

NAMED, STRANGER = "444455556666", "555566667777"
KEY = f"arn:aws:kms:us-east-1:{samples.ACCOUNT}:key/99999999-2222-3333-4444-555555555555"
SHARED = {**samples.FEATURES["registry"], **samples.MADE_KEY}
PREFIX = f"arn:aws:sagemaker:us-east-1:{samples.ACCOUNT}:model-package"
VIA_S3 = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
DESCRIBE = {"sagemaker:DescribeModelPackageGroup", "sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"}
DEPLOY = {*DESCRIBE, "s3:GetObject", "kms:Decrypt"}


@pytest.fixture(scope="module", params=["Describe", "Deploy"])
def stack(request: pytest.FixtureRequest, template: dict[str, Any]) -> Stack:
    """Return a stack that shares its registry."""
    found = samples.deployed(template, SHARED, {"RegistryAccess": request.param})
    assert found.rules() == []
    return found


def _requests(stack: Stack) -> Iterator[tuple[Request, bool]]:
    """Yield requests of another account with the policy of their resource, and whether the resource is shared."""
    group = stack.outputs["ModelPackageGroupName"]
    registry = stack.resources["ModelPackageGroup"]["Properties"]["ModelPackageGroupPolicy"]
    bucket = stack.resources["ModelBucketPolicy"]["Properties"]["PolicyDocument"]
    key = stack.resources["EncryptionKey"]["Properties"]["KeyPolicy"]
    models = stack.outputs["ModelBucketArn"]
    yield Request("sagemaker:DescribeModelPackageGroup", f"{PREFIX}-group/{group}", {}, registry), True
    for action in ("DescribeModelPackage", "ListModelPackages"):
        yield Request(f"sagemaker:{action}", f"{PREFIX}/{group}/1", {}, registry), True
    for action in ("CreateModelPackage", "DeleteModelPackage", "UpdateModelPackage"):
        yield Request(f"sagemaker:{action}", f"{PREFIX}/{group}/1", {}, registry), False
    yield Request("sagemaker:DeleteModelPackageGroup", f"{PREFIX}-group/{group}", {}, registry), False
    for path in ("models/churn/model.tar.gz", "artifacts/churn-1/output/model.tar.gz"):
        yield Request("s3:GetObject", f"{models}/{path}", {}, bucket), True
        yield Request("s3:GetObject", f"{models}/{path}", {"aws:SecureTransport": "false"}, bucket), False
    for action in ("DeleteObject", "PutObject"):
        yield Request(f"s3:{action}", f"{models}/models/churn/model.tar.gz", {}, bucket), False
    yield Request("s3:GetObject", f"{models}/mlflow/1/model.pkl", {}, bucket), False
    yield Request("kms:Decrypt", KEY, VIA_S3, key), True
    yield Request("kms:Decrypt", KEY, {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}, key), False
    yield Request("kms:Decrypt", KEY, {}, key), False
    for action in ("CreateGrant", "Encrypt", "PutKeyPolicy"):
        yield Request(f"kms:{action}", KEY, VIA_S3, key), False


def _allowed(stack: Stack, account: str, policies: Policies) -> list[tuple[Request, bool, bool]]:
    """Return each request of an account with whether it is shared, and whether it is allowed."""
    requests = list(_requests(stack))
    found = verdicts([(policies, request) for request, _ in requests], f"arn:aws:iam::{account}:role/ModelRole")
    return [(request, shared, verdict) for (request, shared), verdict in zip(requests, found, strict=True)]


def test_accounts_can_describe_or_deploy(stack: Stack, template: dict[str, Any]) -> None:
    """With the policies of the reference, RegistryAccess decides the permissions of a listed account."""
    actions = DEPLOY if stack.parameters["RegistryAccess"] == "Deploy" else DESCRIBE
    deploy = samples.deployed(template, SHARED, {"RegistryAccess": "Deploy"})
    policies = {"user": user_policy(deploy), "model role": model_role_policy(deploy, KEY)}
    wrong = [
        f"{request}: {verdict}"
        for request, shared, verdict in _allowed(stack, NAMED, policies)
        if verdict is not (shared and request.action in actions)
    ]
    assert wrong == []


def test_both_policies_name_what_the_simulator_does_not_know(stack: Stack, template: dict[str, Any]) -> None:
    """Both accounts allow listing with the ARN of the group, and creating models from versions with Deploy only."""
    deploy = samples.deployed(template, SHARED, {"RegistryAccess": "Deploy"})
    registry = stack.resources["ModelPackageGroup"]["Properties"]["ModelPackageGroupPolicy"]
    for policy, deploys in ((registry, stack.parameters["RegistryAccess"] == "Deploy"), (user_policy(deploy), True)):
        group, versions = policy["Statement"][:2]
        assert group["Resource"] == [f"{PREFIX}-group/{stack.outputs['ModelPackageGroupName']}"]
        assert "sagemaker:ListModelPackages" in group["Action"]
        assert versions["Resource"] == [f"{group['Resource'][0].replace('-group', '')}/*"]
        assert ("sagemaker:CreateModel" in versions["Action"]) is deploys


@pytest.mark.parametrize(
    ("account", "policies"),
    [
        (
            STRANGER,
            {"all": {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}},
        ),
        (NAMED, {}),
    ],
    ids=["account that is not listed", "listed account without a policy"],
)
def test_both_accounts_must_allow(stack: Stack, account: str, policies: Policies) -> None:
    """An account that is not listed has no access with any policy. A listed account also needs its own policy."""
    assert [str(request) for request, _, verdict in _allowed(stack, account, policies) if verdict] == []


@pytest.mark.parametrize(
    "missing",
    [{"CreateModelPackageGroup": "false"}, {"RegistryReaderAccountIds": ""}, {"CreateKmsKey": "false"}],
    ids=lambda missing: next(iter(missing)),
)
def test_deploying_needs_the_group_accounts_and_a_key(template: dict[str, Any], missing: dict[str, str]) -> None:
    """A Rule rejects access that could not work. Its message names the missing parameters."""
    (sentence,) = samples.deployed(template, SHARED, {"RegistryAccess": "Deploy"}, missing).rules()
    assert "requires CreateModelPackageGroup=true, RegistryReaderAccountIds and a KMS key" in sentence


def test_other_resources_are_not_shared(template: dict[str, Any]) -> None:
    """Without Deploy, and in the other buckets, no policy of bucket or key names another account."""
    for access, sharing in (("Describe", set()), ("Deploy", {"ModelBucketPolicy", "EncryptionKey"})):
        resources = samples.deployed(template, SHARED, {"RegistryAccess": access}).resources
        named = {name for name, body in resources.items() if NAMED in str(body["Properties"])}
        assert named == {"ModelPackageGroup", *sharing}

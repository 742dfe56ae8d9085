"""Policies that other accounts need, derived from the resource policies of a stack that allow them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from smtemplates.core.iam import policy_document
from smtemplates.evaluate import Stack
from smtemplates.reference.examples import ACCOUNT, REGION, example_stack
from smtemplates.reference.iam_policies import policy_documents
from smtemplates.reference.markdown import block, code

READER, ROLE_NAME = "444455556666", "ModelRole"
GROUP, BUCKET, KEY = "ModelPackageGroup", "ModelBucketPolicy", "EncryptionKey"


def user_policy(stack: Stack, account: str = READER) -> dict[str, Any]:
    """Return the policy of users in another account who list, describe and deploy versions.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy.html
    """
    return policy_document(
        *_mirrored(stack, GROUP, account),
        _allow("CreateModels", "sagemaker:CreateModel", f"arn:aws:sagemaker:{REGION}:{account}:model/*"),
        {
            **_allow("PassModelRole", "iam:PassRole", f"arn:aws:iam::{account}:role/{ROLE_NAME}"),
            "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        },
    )


def model_role_policy(stack: Stack, key_arn: str, account: str = READER) -> dict[str, Any]:
    """Return the policy of the execution role of models in another account. It reads the artifacts."""
    return policy_document(
        *_mirrored(stack, BUCKET, account),
        *({**each, "Resource": [key_arn]} for each in _mirrored(stack, KEY, account)),
    )


def shared_statements(stack: Stack, name: str, account: str = READER) -> list[dict[str, Any]]:
    """Return the statements in the policy of a resource that allow another account."""
    documents = policy_documents(stack.resources[name].get("Properties", {}))
    return [each for _, document in documents for each in document["Statement"] if _names(each, account)]


def _mirrored(stack: Stack, name: str, account: str) -> Iterator[dict[str, Any]]:
    for statement in shared_statements(stack, name, account):
        yield {key: value for key, value in statement.items() if key != "Principal"}


def _names(statement: Mapping[str, Any], account: str) -> bool:
    principal = statement.get("Principal")
    return isinstance(principal, dict) and account in principal.get("AWS", ())


def _allow(sid: str, action: str, resource: str) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": [action], "Resource": [resource]}


def policies(template: Mapping[str, Any], options: Mapping[str, str]) -> Iterator[str]:
    """Yield the policies that other accounts need to read the registry of a stack with all `options` enabled."""
    stack = example_stack(template, {**options, "RegistryReaderAccountIds": READER})
    arn = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
    statements = [each for name in (BUCKET, KEY) for each in shared_statements(stack, name)]
    yield (
        f"The examples show account {code(READER)}, which uses the registry of a stack in account {code(ACCOUNT)} with "
        f"{code('RegistryAccess=Deploy')}. Each request of another account needs a resource policy, which the stack "
        "creates, and a policy in that account. Attach this policy to the users who deploy. Users who only read need "
        f"the first two statements, without {code('sagemaker:CreateModel')}:\n"
    )
    yield _json(user_policy(stack))
    yield (
        "The execution role of the models in that account reads and decrypts the artifacts. It needs this policy in "
        "addition to its other permissions:\n"
    )
    yield _json(model_role_policy(stack, arn))
    yield (
        "The stack does not change an existing bucket or key. Add these statements to the policies of an existing "
        "model bucket and of an existing key:\n"
    )
    yield _json(statements)
    yield (
        "The stack does not share container images. If a version uses your own image, allow the account in the policy "
        "of its Amazon ECR repository. Training jobs must encrypt their results with your key, because other accounts "
        "cannot use an AWS managed key. The commands in the outputs and the defaults for the SageMaker Python SDK "
        "specify the key. Sharing has been verified with an IAM simulator, but not between live accounts.\n"
    )


def _json(document: Any) -> str:
    return block(json.dumps(document, indent=2), "json")

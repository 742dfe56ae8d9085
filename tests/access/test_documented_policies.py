"""Tests of the IAM policies that the documentation contains for users, with an IAM simulator."""

from __future__ import annotations

import json

import iam_policies
import samples

from access.simulator import Request, verdicts

Rows = tuple[tuple[str, str, dict[str, str], bool], ...]
MOST_CHARACTERS = 6144  # of a managed policy, without white space
ACCOUNT = "111122223333"
HERE = f"eu-west-1:{ACCOUNT}"
CHURN = f"arn:aws:iam::{ACCOUNT}:role/churn-dev-ExecutionRole-1ABC"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/Administrator"
NOTEBOOK = f"arn:aws:sagemaker:{HERE}:notebook-instance"
PROFILE = f"arn:aws:sagemaker:{HERE}:user-profile/domain"
# Requests of each person or role, and whether its policy allows them.
SCIENTIST: Rows = (
    ("sagemaker:CreatePresignedNotebookInstanceUrl", f"{NOTEBOOK}/notebook", {}, True),
    ("sagemaker:StopNotebookInstance", f"{NOTEBOOK}/other", {}, False),
    ("sagemaker:DeleteNotebookInstance", f"{NOTEBOOK}/notebook", {}, False),
    ("sagemaker:CreatePresignedDomainUrl", f"{PROFILE}/profile", {}, True),
    ("sagemaker:CreatePresignedDomainUrl", f"{PROFILE}/other", {}, False),
    ("s3:PutObject", "arn:aws:s3:::input-bucket/training/a.csv", {}, True),
    ("s3:DeleteObject", "arn:aws:s3:::input-bucket/training/a.csv", {}, False),
    ("iam:PassRole", CHURN, {"iam:PassedToService": "sagemaker.amazonaws.com"}, False),
)
SERVICE_ROLE: Rows = (
    ("iam:CreateRole", CHURN, {}, True),
    ("iam:AttachRolePolicy", OTHER, {}, False),
    ("iam:PassRole", CHURN, {"iam:PassedToService": "sagemaker.amazonaws.com"}, True),
    ("iam:PassRole", CHURN, {"iam:PassedToService": "ec2.amazonaws.com"}, False),
    ("iam:PassRole", OTHER, {"iam:PassedToService": "sagemaker.amazonaws.com"}, False),
    ("lambda:DeleteFunction", f"arn:aws:lambda:{HERE}:function:churn-dev-Initializer-1ABC", {}, True),
    ("lambda:DeleteFunction", f"arn:aws:lambda:{HERE}:function:other", {}, False),
)
DEPLOYER: Rows = (
    ("iam:PassRole", iam_policies.SERVICE_ROLE, {"iam:PassedToService": "cloudformation.amazonaws.com"}, True),
    ("iam:PassRole", iam_policies.SERVICE_ROLE, {"iam:PassedToService": "sagemaker.amazonaws.com"}, False),
    ("iam:PassRole", OTHER, {"iam:PassedToService": "cloudformation.amazonaws.com"}, False),
    ("cloudformation:ExecuteChangeSet", f"arn:aws:cloudformation:{HERE}:stack/churn-dev/1", {}, True),
    ("cloudformation:ExecuteChangeSet", f"arn:aws:cloudformation:{HERE}:stack/other/1", {}, False),
)
NAMES = {"NOTEBOOK": "notebook", "DOMAIN": "domain", "PROFILE": "profile", "INPUT-BUCKET": "input-bucket"}


def test_policies_allow_the_documented_tasks_only() -> None:
    """A scientist, the service role and the deployer can do their work, and nothing with the resources of others."""
    scientist = json.dumps(iam_policies.SCIENTIST)
    for name, value in NAMES.items():
        scientist = scientist.replace(name, value)
    first, second = iam_policies.service_policies()
    cases = [
        ({"policy": json.loads(scientist)}, SCIENTIST),
        ({"first": first, "second": second}, SERVICE_ROLE),
        ({"policy": iam_policies.DEPLOYER}, DEPLOYER),
    ]
    requests = [
        (policies, Request(action, resource.replace(ACCOUNT, samples.ACCOUNT), context), expected)
        for documents, rows in cases
        for policies in [json.loads(json.dumps(documents).replace(ACCOUNT, samples.ACCOUNT))]
        for action, resource, context, expected in rows
    ]
    found = verdicts([(policies, request) for policies, request, _ in requests])
    assert [str(each[1]) for each, verdict in zip(requests, found, strict=True) if each[2] is not verdict] == []


def test_service_role_has_all_actions_of_the_resource_types() -> None:
    """The policies contain every action that the types need and no other action, and fit into managed policies."""
    policies = iam_policies.service_policies()
    actions = [name for policy in policies for statement in policy["Statement"] for name in statement["Action"]]
    assert sorted(actions) == iam_policies.needed()
    documents = [*policies, iam_policies.PLANNER, iam_policies.DEPLOYER, iam_policies.SCIENTIST]
    assert max(len(json.dumps(policy, separators=(",", ":"))) for policy in documents) <= MOST_CHARACTERS

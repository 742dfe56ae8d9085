"""Tests of the permissions of the function that creates folders and log groups."""

from __future__ import annotations

from typing import Any

import pytest
import samples

from access.simulator import Request, verdicts

KEY = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
OUTSIDE_S3 = {"kms:ViaService": "sagemaker.us-east-1.amazonaws.com"}
# Error messages of CloudWatch Logs show that it authorizes requests for a log group with an empty stream name.
STREAM = ":log-stream:"
OWNER = {"aws:TagKeys": ["smtemplates:stack"]}
TAGGING = ("ListTagsForResource", "TagResource")
LOGS = f"arn:aws:logs:us-east-1:{samples.ACCOUNT}:log-group:"


@pytest.mark.parametrize(
    "parameters", [samples.MADE_KEY, {**samples.NO_BUCKETS, **samples.KEY}], ids=["created", "existing"]
)
def test_role_reaches_only_its_folders_and_log_groups(template: dict[str, Any], parameters: dict[str, str]) -> None:
    """The role can access all folders and shared log groups, but no other objects or groups, and delete no groups."""
    stack = samples.deployed(template, parameters)
    role = stack.resources["InitializerRole"]["Properties"]
    policies = {policy["PolicyName"]: policy["PolicyDocument"] for policy in role["Policies"]}
    key = stack.parameters["KmsKeyArn"] or samples.physical("EncryptionKey", "Arn")
    own_log = samples.physical("InitializerLogGroup", "Arn").replace(":*", ":log-stream:1")
    buckets = stack.resources["Folders"]["Properties"]["Buckets"]
    allowed = [
        Request(f"s3:{action}", f"arn:aws:s3:::{entry['Bucket']}/{folder}")
        for entry in buckets
        for folder in entry["Keys"]
        for action in ("DeleteObjectVersion", "GetObject", "GetObjectVersion", "PutObject")
    ]
    allowed += [Request("s3:ListBucketVersions", f"arn:aws:s3:::{entry['Bucket']}") for entry in buckets]
    groups = stack.resources["LogGroups"]["Properties"]["Names"]
    allowed += [
        Request(f"logs:{action}", LOGS + name + STREAM)
        for name in groups
        for action in ("CreateLogGroup", "PutRetentionPolicy")
    ]
    allowed += [Request("logs:ListTagsForResource", LOGS + name) for name in groups]
    # it is not documented which form of the ARN the tags of a new group need
    allowed += [Request("logs:TagResource", LOGS + name + end, OWNER) for name in groups for end in ("", STREAM)]
    allowed.append(Request("logs:DescribeLogGroups"))
    allowed += [Request(f"logs:{action}", own_log) for action in ("CreateLogStream", "PutLogEvents")]
    allowed += [Request(f"kms:{action}", key, KEY) for action in ("Decrypt", "GenerateDataKey")]
    first = f"arn:aws:s3:::{buckets[0]['Bucket']}"
    denied = [
        *(
            Request(f"s3:{action}", f"{first}/training/a.csv")
            for action in ("DeleteObjectVersion", "GetObject", "PutObject")
        ),
        Request("s3:PutObject", "arn:aws:s3:::somebody-elses/training/"),
        *(Request(f"s3:{action}", first) for action in ("DeleteBucket", "ListBucket", "PutBucketPolicy")),
        *(
            Request("logs:PutRetentionPolicy", LOGS + name + STREAM)
            for name in ("/aws/lambda/other", "/aws/sagemaker/other")
        ),
        *(Request("logs:DeleteLogGroup", LOGS + name + STREAM) for name in groups),
        Request("logs:TagResource", LOGS + groups[0], {"aws:TagKeys": ["smtemplates:stack", "CostCenter"]}),
        Request("logs:UntagResource", LOGS + groups[0], OWNER),
        *(Request(f"logs:{action}", f"{LOGS}/aws/lambda/other", OWNER) for action in TAGGING),
        Request("kms:Decrypt", key, OUTSIDE_S3),
        Request("kms:CreateGrant", key, KEY),
        Request(
            "iam:PassRole", samples.physical("ExecutionRole", "Arn"), {"iam:PassedToService": "lambda.amazonaws.com"}
        ),
        Request("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:us-east-1:{samples.ACCOUNT}:training-job/a"),
    ]
    cases = [*((request, True) for request in allowed), *((request, False) for request in denied)]
    found = verdicts([(policies, request) for request, _ in cases], samples.physical("InitializerRole", "Arn"))
    assert [
        str(request) for (request, expected), verdict in zip(cases, found, strict=True) if verdict is not expected
    ] == []

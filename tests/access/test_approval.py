"""Tests of the script with which a reviewer approves a version."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from smtemplates.templates.workspace.model_approval import APPROVED_PREFIX

SDK: Any = import_module("boto3")  # the package has no types
MOCK: Any = import_module("moto").mock_aws
STUB: Any = import_module("botocore.stub").Stubber
SCRIPT = files("smtemplates.reference") / "assets" / "approve_version.py"
ARN = "arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/3"
CONTAINER = {"Image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/churn@sha256:0a", "Environment": {"A": "b"}}
TYPES = {"SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"]}
VERSION = {
    "ModelPackageGroupName": "churn",
    "ModelPackageVersion": 3,
    "ModelPackageName": "churn",
    "ModelPackageArn": ARN,
    "CreationTime": "2026-11-30T00:00:00Z",
    "ModelPackageStatus": "Completed",
    "ModelPackageStatusDetails": {"ValidationStatuses": []},
}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Yield Amazon S3 with a model bucket, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with MOCK():
        client = SDK.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="models")
        client.put_object(Bucket="models", Key="artifacts/churn-1/model.tar.gz", Body=b"reviewed")
        yield client


def test_reviewer_approves_the_reviewed_copy(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The version is approved with the reviewed copy and specification, although the author changed the artifact."""
    sagemaker = SDK.client("sagemaker", region_name="us-east-1")
    monkeypatch.setattr(SDK, "client", {"s3": s3, "sagemaker": sagemaker}.__getitem__)
    data = {"ModelDataUrl": "s3://models/artifacts/churn-1/model.tar.gz", "ModelDataETag": "0a"}
    copy = f"{APPROVED_PREFIX}churn/3/0/model.tar.gz"
    approved = {"Containers": [{**CONTAINER, "ModelDataUrl": f"s3://models/{copy}"}], **TYPES}
    with STUB(sagemaker) as stub:
        described = {**VERSION, "InferenceSpecification": {"Containers": [{**CONTAINER, **data}], **TYPES}}
        stub.add_response("describe_model_package", described, {"ModelPackageName": ARN})
        _run(monkeypatch, "copy", ARN, "models")
        s3.put_object(Bucket="models", Key="artifacts/churn-1/model.tar.gz", Body=b"changed")
        expected = {
            "ModelPackageArn": ARN,
            "InferenceSpecification": approved,
            "ModelApprovalStatus": "Approved",
        }
        stub.add_response("update_model_package", {"ModelPackageArn": ARN}, expected)
        _run(monkeypatch, "approve", ARN)
        stub.assert_no_pending_responses()
    assert json.loads(Path("specification.json").read_text(encoding="utf-8")) == approved
    assert s3.get_object(Bucket="models", Key=copy)["Body"].read() == b"reviewed"


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["approve_version.py", *arguments])
    runpy.run_path(str(SCRIPT))

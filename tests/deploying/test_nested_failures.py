"""Failures in nested stacks and of creations that AWS deletes, on the local cloud."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from deploying.local_aws import Aws


def test_failure_in_a_nested_stack_is_located(aws: Aws, name: str, tmp_path: Path) -> None:
    """The message names the resource of the innermost stack that failed, with the path to it."""
    s3, bucket = aws.client("s3"), f"templates-{name.lower()}"
    s3.create_bucket(Bucket=bucket)

    def put(key: str, resources: dict[str, Any]) -> dict[str, Any]:
        """Store a template, and return a nested stack that uses it."""
        s3.put_object(Bucket=bucket, Key=key, Body=json.dumps({"Resources": resources}))
        return {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"{aws.url}/{bucket}/{key}"}}

    topic = {"Topic": {"Type": "AWS::SNS::Topic"}}
    taken = {"Taken": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}}
    template = tmp_path / "template.json"

    def deploy(version: int, resources: dict[str, Any]) -> tuple[int, str]:
        outer = put(f"outer-{version}", {"Inner": put(f"inner-{version}", resources)})
        template.write_text(json.dumps({"Resources": {"Outer": outer}}))
        done = aws.run("deploy", name, "--yes", "--allow-destructive", template=template)
        return done.returncode, done.stderr

    assert deploy(1, topic)[0] == 0
    code, message = deploy(2, topic | taken)
    assert code == 1
    assert "The first cause is Outer/Inner/Taken (AWS::S3::Bucket)." in message
    assert f"Reason from AWS: {bucket} already exists" in message


def test_creation_that_aws_deletes_reports_its_cause(aws: Aws, name: str) -> None:
    """With --on-failure DELETE, the message on a deleted stack contains the cause of the failed creation."""
    done = aws.run("deploy", name, "--yes", "--set", "Fail=true", "--on-failure", "DELETE")
    assert done.returncode == 1
    assert "The first cause is Folders (Custom::Folders)" in done.stderr
    assert "asked to fail" in done.stderr
    assert aws.status(name) is None

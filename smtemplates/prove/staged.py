"""Templates in a bucket of the experiment, from which Service Catalog and StackSets create workspaces."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from smtemplates.aws_data.partitions import partition_of
from smtemplates.prove.trial import Trial
from smtemplates.synth.renderer import compact
from smtemplates.templates.registry import definition
from smtemplates.templates.workspace.features import FEATURES

BUCKET = {"Templates": {"Type": "AWS::S3::Bucket"}}
OUTPUT = {"Templates": {"Ref": "Templates"}}
ROOT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


def stage(trial: Trial, bucket: str, template: Mapping[str, Any]) -> str:
    """Store a template in a bucket under its hash, as the publisher does, and return its URL."""
    body = compact(template).encode()
    key = f"smtemplates/{hashlib.sha256(body).hexdigest()}.template"
    trial.call("s3", "put_object", Bucket=bucket, Key=key, Body=body)
    region = trial.cloud.region
    return f"https://{bucket}.s3.{region}.{partition_of(region)[1]}/{key}"


def template_for_core(name: str) -> dict[str, Any]:
    """Return the template with a name for the workspace without optional features."""
    built: dict[str, Any] = definition(name, FEATURES).template().to_dict()
    return built


def trust(principal: Mapping[str, Any], action: str = "sts:AssumeRole") -> dict[str, Any]:
    """Return a trust policy for one principal."""
    return policy({"Effect": "Allow", "Principal": principal, "Action": action})


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}

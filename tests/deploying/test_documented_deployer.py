"""Deploy and delete a stack with the IAM policy of the documentation for deployers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from iam_policies import DEPLOYER, PLANNER

from deploying.local_aws import Aws
from smtemplates import deploy

TEMPLATE = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})


def test_documented_policies_are_sufficient(
    aws: Aws, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planner can plan and not deploy. The deployer can deploy, read drift and delete the stack."""
    for key, value in aws.credentials.items():
        monkeypatch.setenv(key.upper(), value)
    path = tmp_path / "topic.json"
    path.write_text(TEMPLATE)
    cloud = {
        role: _cloud(aws, name, role, json.dumps(policy)) for role, policy in (("plan", PLANNER), ("deploy", DEPLOYER))
    }
    request = deploy.Request(stack=name, template=deploy.read_template(path))
    assert deploy.plan(cloud["plan"], request).changes
    with pytest.raises(deploy.CloudError, match="ExecuteChangeSet"):
        deploy.deploy(cloud["plan"], request)
    assert deploy.deploy(cloud["deploy"], request).changed
    deploy.destroy(cloud["deploy"], name)
    assert aws.status(name) is None


def _cloud(aws: Aws, name: str, purpose: str, policy: str) -> deploy.Cloud:
    """Return a connection with a role that has only this policy, for stacks with this name."""
    replaced = policy.replace("111122223333", "000000000000").replace("eu-west-1", "us-east-1")
    allowed = json.loads(replaced.replace("stack/churn*/", f"stack/{name}*/"))
    role = aws.role(f"{name}-{purpose}", allowed=allowed)
    return deploy.Cloud(deploy.Connection(region="us-east-1", assume_role=role, endpoint_url=aws.url))

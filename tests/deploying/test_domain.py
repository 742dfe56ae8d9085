"""What a Studio domain keeps for as long as it is there."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

import smtemplates
from deploying.local_aws import Aws

OTHERS = [feature for feature in smtemplates.FEATURES if feature != "studio"]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "workspace.yaml"
    path.write_text(smtemplates.render(smtemplates.build(OTHERS)), encoding="utf-8")
    return path


def deploy(aws: Aws, template: Path, name: str, *settings: str) -> CompletedProcess[str]:
    sets = [text for setting in settings for text in ("--set", setting)]
    flags = ["--yes", "--create-staging-bucket", "--allow-destructive"]
    return aws.run("deploy", name, *flags, *sets, template=template)


def test_another_key_is_for_another_domain(aws: Aws, template: Path, name: str) -> None:
    """With a new key the update fails and leaves the domain to its users; deleted and made anew, it has the key."""
    network = ["VpcId=vpc-0123456789abcdef0", "SubnetIds=subnet-0123456789abcdef0"]
    made = deploy(aws, template, name, "CreateDomain=true", "ManageLogGroups=false", *network)
    assert made.returncode == 0, made.stderr
    domain = aws.outputs(name)["DomainId"]
    refused = deploy(aws, template, name, "CreateKmsKey=true")
    assert (refused.returncode, aws.status(name)) == (1, "UPDATE_ROLLBACK_COMPLETE"), refused.stderr
    assert "already exists" in refused.stderr
    assert aws.outputs(name)["DomainId"] == domain
    assert "KmsKeyId" not in aws.client("sagemaker").describe_domain(DomainId=domain)
    for setting in ("CreateDomain=false", "CreateDomain=true"):
        done = deploy(aws, template, name, setting, "CreateKmsKey=true")
        assert done.returncode == 0, done.stderr
    assert aws.client("sagemaker").describe_domain(DomainId=aws.outputs(name)["DomainId"])["KmsKeyId"]
    aws.run("destroy", name, "--confirm", name, "--delete-data")

"""Changes to a stack with a Studio domain that contains apps or spaces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import smtemplates
from deploying.local_aws import Aws
from deploying.stubs import stubbed, update_of
from smtemplates.aws_data.blocking import DOMAIN
from smtemplates.deploy.change_sets.change_plan import Fate, ResourceChange
from smtemplates.deploy.studio.clearing import check_changes
from smtemplates.deploy.studio.contents import Contents

NETWORK = ["VpcId=vpc-0123456789abcdef0", "SubnetIds=subnet-0123456789abcdef0"]
OTHERS = [feature for feature in smtemplates.FEATURES if feature != "studio"]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "workspace.yaml"
    path.write_text(smtemplates.render(smtemplates.build(OTHERS)), encoding="utf-8")
    return path


def deploy(aws: Aws, template: Path, name: str, *settings: str, flags: Sequence[str] = ()) -> CompletedProcess[str]:
    sets = [text for setting in settings for text in ("--set", setting)]
    consent = ["--yes", "--create-staging-bucket", "--allow-destructive"]
    return aws.run("deploy", name, *consent, *flags, *sets, template=template)


def test_replaced_domain_keeps_its_spaces(aws: Aws, template: Path, name: str) -> None:
    """The spaces of a domain that would be replaced are not deleted, even with --clear-studio: replacing can fail."""
    created = deploy(aws, template, name, "CreateDomain=true", "ManageLogGroups=false", *NETWORK)
    assert created.returncode == 0, created.stderr
    domain = aws.outputs(name)["DomainId"]
    sagemaker = aws.client("sagemaker")
    sagemaker.create_space(DomainId=domain, SpaceName="lab")
    refused = deploy(aws, template, name, "CreateKmsKey=true", flags=["--clear-studio"])
    assert (refused.returncode, "first without the domain" in refused.stderr) == (4, True), refused.stderr
    assert [space["SpaceName"] for space in sagemaker.list_spaces(DomainIdEquals=domain)["Spaces"]] == ["lab"]
    deleted = deploy(aws, template, name, "CreateDomain=false", flags=["--clear-studio"])
    assert deleted.returncode == 0, deleted.stderr
    aws.run("destroy", name, "--confirm", name, "--delete-data")


@pytest.mark.parametrize(("fate", "keeps_old"), [("may replace", False), ("update", False), ("replace", True)])
def test_domain_that_can_be_retained_is_not_inspected(fate: Fate, *, keeps_old: bool) -> None:
    """The contents of a domain that is not certainly deleted are neither deleted nor listed."""
    change = ResourceChange(logical_id="Domain", type=DOMAIN, fate=fate, physical_id="d-1", keeps_old=keeps_old)
    plan = update_of(change)
    with stubbed() as unused:
        assert check_changes(unused.cloud, plan, may_delete=True) == ([], Contents())


def test_key_of_a_domain_changes_only_with_a_new_domain(aws: Aws, template: Path, name: str) -> None:
    """An update to another KMS key fails and keeps the domain. A domain that is created again has the key."""
    created = deploy(aws, template, name, "CreateDomain=true", "ManageLogGroups=false", *NETWORK)
    assert created.returncode == 0, created.stderr
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

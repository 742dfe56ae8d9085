"""What a Studio domain keeps for as long as it is there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

import pytest

import smtemplates
from deploying.local_aws import Aws
from deploying.stubs import stubbed
from smtemplates.deploy.change_plan import Fate, ResourceChange
from smtemplates.deploy.studio import DOMAIN, guard

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


def test_nothing_is_cleared_for_a_domain_that_is_replaced(aws: Aws, template: Path, name: str) -> None:
    """What people made in a domain stays, whatever is allowed, where the domain would be replaced: that can fail."""
    made = deploy(aws, template, name, "CreateDomain=true", "ManageLogGroups=false", *NETWORK)
    assert made.returncode == 0, made.stderr
    domain = aws.outputs(name)["DomainId"]
    sagemaker = aws.client("sagemaker")
    sagemaker.create_space(DomainId=domain, SpaceName="lab")
    refused = deploy(aws, template, name, "CreateKmsKey=true", flags=["--clear-studio"])
    assert (refused.returncode, "first deploy without it" in refused.stderr) == (4, True), refused.stderr
    assert [space["SpaceName"] for space in sagemaker.list_spaces(DomainIdEquals=domain)["Spaces"]] == ["lab"]
    gone = deploy(aws, template, name, "CreateDomain=false", flags=["--clear-studio"])
    assert gone.returncode == 0, gone.stderr
    aws.run("destroy", name, "--confirm", name, "--delete-data")


@pytest.mark.parametrize(("fate", "keeps_old"), [("may replace", False), ("update", False), ("replace", True)])
def test_nobody_is_sent_out_of_a_domain_that_may_stay(fate: Fate, *, keeps_old: bool) -> None:
    """Of a domain that may well stay nothing is deleted, not even looked for."""
    change = ResourceChange(logical_id="Domain", type=DOMAIN, fate=fate, physical_id="d-1", keeps_old=keeps_old)
    with stubbed() as nobody:
        assert not guard(nobody.cloud, [change], may_go=True)


def test_another_key_is_for_another_domain(aws: Aws, template: Path, name: str) -> None:
    """With a new key the update fails and leaves the domain to its users; deleted and made anew, it has the key."""
    made = deploy(aws, template, name, "CreateDomain=true", "ManageLogGroups=false", *NETWORK)
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

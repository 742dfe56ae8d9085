"""What is executed is what was reviewed: its template is compared before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deploying.local_aws import SAMPLE, Aws
from deploying.proxy import Proxy, proxied
from deploying.stubs import described, plan_of, stubbed
from smtemplates.aws.errors import DeploymentError
from smtemplates.deploy import execution, template


@pytest.fixture
def proxy(aws: Aws) -> Iterator[Proxy]:
    with proxied(aws.url) as proxy:
        yield proxy


def tampering(proxy: Proxy) -> None:
    """Have whoever stands between give the bucket's data away, in the template that CloudFormation gets."""
    proxy.altered = ("CreateChangeSet", b"RetainExceptOnCreate", b"Delete")


def test_altered_template(aws: Aws, proxy: Proxy, name: str) -> None:
    """A template altered on its way to CloudFormation is not executed, and its change set is gone."""
    assert "RetainExceptOnCreate" in SAMPLE.read_text()
    tampering(proxy)
    done = aws.run("deploy", name, "--yes", AWS_ENDPOINT_URL=proxy.url)
    assert done.returncode == 1
    assert "is not the one that was reviewed" in done.stderr
    assert "ExecuteChangeSet" not in proxy.calls
    assert aws.status(name) is None


def test_altered_update(aws: Aws, proxy: Proxy, name: str) -> None:
    """Neither is an update, and the stack stays as it was."""
    before = aws.deployed(name)
    tampering(proxy)
    done = aws.run("deploy", name, "--yes", "--set", "Prefix=other", AWS_ENDPOINT_URL=proxy.url)
    assert (done.returncode, aws.status(name), aws.change_sets(name)) == (1, "CREATE_COMPLETE", [])
    assert aws.outputs(name) == before


def test_kept_change_set(aws: Aws, proxy: Proxy, name: str) -> None:
    """The command that plan --keep prints executes that template only."""
    planned = aws.run("plan", name, "--keep", "--json")
    digest = json.loads(planned.stdout)["template_digest"]
    assert f"--template-digest {digest}" in planned.stderr
    aws.run("deploy", name, "--yes", "--change-set", json.loads(planned.stdout)["change_set_id"])
    tampering(proxy)
    kept = json.loads(aws.run("plan", name, "--keep", "--set", "Prefix=x", "--json", AWS_ENDPOINT_URL=proxy.url).stdout)
    refused = aws.run("deploy", name, "--yes", "--change-set", kept["change_set_id"], "--template-digest", digest)
    assert (refused.returncode, aws.status(name)) == (1, "CREATE_COMPLETE")
    assert "is not the one that was reviewed" in refused.stderr
    assert len(aws.change_sets(name)) == 1
    proxy.altered = None
    kept = json.loads(aws.run("plan", name, "--keep", "--set", "Prefix=y", "--json").stdout)
    done = aws.run("deploy", name, "--yes", "--change-set", kept["change_set_id"], "--template-digest", digest)
    assert (done.returncode, aws.status(name)) == (0, "UPDATE_COMPLETE"), done.stderr


def test_digest_alone(aws: Aws, name: str) -> None:
    """A digest without the change set that it is about is a mistake."""
    assert aws.run("deploy", name, "--yes", "--template-digest", "0" * 64).returncode == 2


YAML = "Description: grüße 請 ☺ 🤦\nResources:\n  B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref X}}\n"


@pytest.mark.parametrize(
    "held",
    [
        YAML,
        YAML.encode("ascii", "replace").decode(),
        json.dumps(
            {
                "Resources": {"B": {"Properties": {"BucketName": {"Ref": "X"}}, "Type": "AWS::S3::Bucket"}},
                "Description": "gr??e ? ? ?",
            }
        ),
    ],
)
def test_what_aws_rewrites(tmp_path: Path, held: str) -> None:
    """A template that AWS gives back in other words, or with question marks for its letters, is the same template."""
    (tmp_path / "t.yaml").write_text(YAML)
    digest = template.read(tmp_path / "t.yaml").content_digest
    with stubbed() as aws:
        plan = replace(plan_of(aws, described()), template_digest=digest)
        aws.answers("get_template", {"TemplateBody": held})
        execution.check_template(aws.cloud, plan)
        aws.answers("get_template", {"TemplateBody": held.replace("AWS::S3", "AWS::SQS")})
        with pytest.raises(DeploymentError, match="not the one that was reviewed"):
            execution.check_template(aws.cloud, plan)

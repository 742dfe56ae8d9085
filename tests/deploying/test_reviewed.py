"""A change set is executed only if it contains the template that was reviewed."""

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
from smtemplates.deploy import execution
from smtemplates.deploy.requests import template


@pytest.fixture
def proxy(aws: Aws) -> Iterator[Proxy]:
    with proxied(aws.url) as proxy:
        yield proxy


def alter_template(proxy: Proxy) -> None:
    """Change the template on its way to CloudFormation, so that the bucket is deleted with the stack."""
    proxy.altered = ("CreateChangeSet", b"RetainExceptOnCreate", b"Delete")


def test_altered_template_is_not_executed(aws: Aws, proxy: Proxy, name: str) -> None:
    """A template that is altered on its way to CloudFormation is not executed, and its change set is deleted."""
    assert "RetainExceptOnCreate" in SAMPLE.read_text()
    alter_template(proxy)
    done = aws.run("deploy", name, "--yes", AWS_ENDPOINT_URL=proxy.url)
    assert done.returncode == 1
    assert "is not the one that was reviewed" in done.stderr
    assert "ExecuteChangeSet" not in proxy.calls
    assert aws.status(name) is None


def test_altered_template_does_not_update_a_stack(aws: Aws, proxy: Proxy, name: str) -> None:
    """An altered template does not update a stack, and the stack is unchanged."""
    before = aws.deployed(name)
    alter_template(proxy)
    done = aws.run("deploy", name, "--yes", "--set", "Prefix=other", AWS_ENDPOINT_URL=proxy.url)
    assert (done.returncode, aws.status(name), aws.change_sets(name)) == (1, "CREATE_COMPLETE", [])
    assert aws.outputs(name) == before


def test_template_digest_of_a_kept_change_set(aws: Aws, proxy: Proxy, name: str) -> None:
    """The command that plan --keep-change-set prints executes only the template of the plan."""
    planned = aws.run("plan", name, "--keep-change-set", "--json")
    digest = json.loads(planned.stdout)["template_digest"]
    assert f"--template-digest {digest}" in planned.stderr
    aws.run("deploy", name, "--yes", "--change-set", json.loads(planned.stdout)["change_set_id"])
    alter_template(proxy)
    kept = json.loads(
        aws.run("plan", name, "--keep-change-set", "--set", "Prefix=x", "--json", AWS_ENDPOINT_URL=proxy.url).stdout
    )
    rejected = aws.run("deploy", name, "--yes", "--change-set", kept["change_set_id"], "--template-digest", digest)
    assert (rejected.returncode, aws.status(name)) == (1, "CREATE_COMPLETE")
    assert "is not the one that was reviewed" in rejected.stderr
    assert len(aws.change_sets(name)) == 1
    proxy.altered = None
    kept = json.loads(aws.run("plan", name, "--keep-change-set", "--set", "Prefix=y", "--json").stdout)
    done = aws.run("deploy", name, "--yes", "--change-set", kept["change_set_id"], "--template-digest", digest)
    assert (done.returncode, aws.status(name)) == (0, "UPDATE_COMPLETE"), done.stderr


def test_template_digest_requires_a_change_set(aws: Aws, name: str) -> None:
    """A template digest without a change set is a usage error."""
    assert aws.run("deploy", name, "--yes", "--template-digest", "0" * 64).returncode == 2


YAML = "Description: grüße 請 ☺ 🤦\nResources:\n  B: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref X}}\n"


@pytest.mark.parametrize(
    "stored",
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
def test_template_digest_ignores_the_notation(tmp_path: Path, stored: str) -> None:
    """A template that AWS returns in another notation, or with question marks for letters, is the same template."""
    (tmp_path / "t.yaml").write_text(YAML)
    digest = template.read(tmp_path / "t.yaml").content_digest
    with stubbed() as aws:
        plan = replace(plan_of(aws, described()), template_digest=digest)
        aws.answers("get_template", {"TemplateBody": stored})
        execution.check_template(aws.cloud, plan)
        aws.answers("get_template", {"TemplateBody": stored.replace("AWS::S3", "AWS::SQS")})
        with pytest.raises(DeploymentError, match="not the one that was reviewed"):
            execution.check_template(aws.cloud, plan)


@pytest.mark.parametrize("status", ["OBSOLETE", "EXECUTE_IN_PROGRESS", None])
def test_change_set_that_cannot_be_executed_any_more(status: str | None) -> None:
    """A change set that is obsolete, executed or deleted is noticed before the objects of users are deleted."""
    with stubbed() as aws:
        plan = replace(plan_of(aws, described()), template_digest="")
        if status:
            aws.answers("describe_change_set", described(ExecutionStatus=status))
        else:
            aws.refuses("describe_change_set", "ChangeSetNotFound")
        with pytest.raises(DeploymentError, match="was changed after this plan was made"):
            execution.check_current(aws.cloud, plan)

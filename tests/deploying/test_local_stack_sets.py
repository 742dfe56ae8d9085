"""A stack set on the local cloud: its stacks in accounts and Regions, its status, an update and its deletion."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from deploying.local_aws import ACCOUNT, ROOT, Aws
from smtemplates.local_cloud.lifecycle import running
from smtemplates.local_cloud.stack_sets import CREATE_ONLY, TYPE

pytestmark = pytest.mark.server

STACK, BUCKET, OTHER = "fleet", "templates", "222233334444"
TEMPLATE = ROOT / "templates" / "stack-set.yaml"
KEY = "smtemplates/workspace.template"
URL = f"https://{BUCKET}.s3.us-east-1.amazonaws.com/{KEY}"
REGIONS = ("eu-west-1", "us-east-1")


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """Yield a local cloud with the template of the workspace in a bucket."""
    with running() as url:
        aws = Aws(url)
        s3 = aws.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.create_bucket(Bucket="existing")
        s3.upload_file(str(ROOT / "templates" / "workspace.yaml"), BUCKET, KEY)
        yield aws


def _deploy(aws: Aws, *settings: str) -> tuple[int, str]:
    given = (f"TemplateUrl={URL}", f"Regions={','.join(REGIONS)}", *settings)
    sets = [text for setting in given for text in ("--set", setting)]
    done = aws.run("deploy", STACK, "--yes", "--allow-destructive", "--create-staging-bucket", *sets, template=TEMPLATE)
    return done.returncode, done.stderr


def _instances(aws: Aws) -> list[tuple[str, str, str]]:
    """Return the account, the Region and the status of each stack, as the command status prints them."""
    done = aws.run("status", STACK, "--json")
    assert done.returncode == 0, done.stderr
    (stack_set,) = json.loads(done.stdout)["stack_sets"]
    return sorted((one["account"], one["region"], one["status"]) for one in stack_set["instances"])


def _stacks(aws: Aws, region: str) -> list[str]:
    found = aws.client("cloudformation", region).describe_stacks()["Stacks"]
    return [one["StackName"] for one in found if one["StackName"].startswith("StackSet-")]


def test_stack_set_is_created_updated_and_destroyed(aws: Aws) -> None:
    """The status lists each stack. Removing an account deletes its stacks, and destroy deletes all of them."""
    code, output = _deploy(aws, f"AccountIds={ACCOUNT},{OTHER}")
    assert code == 0, output
    expected = [(account, region, "CURRENT") for account in (ACCOUNT, OTHER) for region in REGIONS]
    assert _instances(aws) == expected
    assert [len(_stacks(aws, region)) for region in REGIONS] == [1, 1]
    code, output = _deploy(aws, f"AccountIds={ACCOUNT}", "LogRetentionDays=90")
    assert code == 0, output
    assert _instances(aws) == expected[:2]
    done = aws.run("destroy", STACK, "--confirm", STACK)
    assert (done.returncode, [_stacks(aws, region) for region in REGIONS]) == (0, [[], []]), done.stderr


def test_failed_operation_of_a_stack_set_is_reported(aws: Aws) -> None:
    """If a stack fails, the operation fails with its reason, and nothing remains."""
    code, output = _deploy(aws, f"AccountIds={ACCOUNT}", "ExistingInputBucketName=not-there")
    assert (code, "Stack set operation" in output) == (1, True), output
    assert _stacks(aws, REGIONS[0]) == []


def test_replacements_follow_the_provider_schema() -> None:
    """The local cloud reports a replacement for the properties for which AWS reports one."""
    schema: Any = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", TYPE).schema
    assert {path.rpartition("/")[2] for path in schema["createOnlyProperties"]} == set(CREATE_ONLY)

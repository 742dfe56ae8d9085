"""Migrate a Terraform configuration: apply it, adopt its state, release its resources, and deploy the stack."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import processes
import pytest
from deploying.local_aws import Aws

from adopting.terraform import CONFIGURATION, Terraform, install, sagemaker

BUCKETS = ("churn-dev-input", "churn-dev-output", "churn-dev-models")
STACK = "churn-dev"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "migrate-from-terraform.md"
# The commands of the page, in its order.
ADOPT, CHECK, PLAN, DEPLOY = (
    "smtemplates adopt terraform.tfstate --tfvars terraform.tfvars --stack churn-dev -o migration",
    "smtemplates config check --config migration/smtemplates.toml",
    "smtemplates plan churn-dev --config migration/smtemplates.toml --create-staging-bucket",
    "smtemplates deploy churn-dev --config migration/smtemplates.toml --create-staging-bucket",
)
REUSED = "handed_over.tf"


def versions(aws: Aws) -> dict[tuple[str, str, str], str]:
    """Return the versions of all objects: bucket, key and version ID, with the hash of the content."""
    s3 = aws.client("s3")
    return {
        (bucket, each["Key"], each["VersionId"]): each["ETag"]
        for bucket in BUCKETS
        for each in s3.list_object_versions(Bucket=bucket).get("Versions", ())
    }


def succeed(aws: Aws, folder: Path, command: str) -> str:
    """Run a command in a folder, and return its output."""
    words = [sys.executable, "-m", *command.split()]
    done = processes.run(words, {**aws.environment, "PYTHONPATH": str(Path(__file__).parents[2])}, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def changes(output: str) -> dict[str, int]:
    """Return the numbers of the summary of a plan."""
    found = re.search(r"^Plan: (.*)\.$", output, re.MULTILINE)
    assert found, output
    return {word: int(number) for number, word in re.findall(r"(\d+) to (\w+)", found[1])}


def constants(report: Any, state: dict[str, Any]) -> str:
    """Return the local values, as a person would replace references to released resources with values."""
    arns = {resource["type"]: resource["instances"][0]["attributes"].get("arn") for resource in state["resources"]}
    assert {"aws_iam_role", "aws_sns_topic"} <= {one["address"].partition(".")[0] for one in report["resources"]}
    return f'locals {{\n  role_arn = "{arns["aws_iam_role"]}"\n  topic_arn = "{arns["aws_sns_topic"]}"\n}}\n'


def test_page_has_these_commands() -> None:
    """The migration below consists of the commands of the page."""
    assert re.findall(r"^\$ (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE) == [ADOPT, CHECK, PLAN, DEPLOY]


@pytest.mark.server
@pytest.mark.slow
def test_migration_keeps_every_object(aws: Aws, tmp_path: Path) -> None:
    """After adopt, release and deploy, all versions of all objects are the same, and Terraform destroyed nothing.

    With the import blocks, Terraform manages the released resources again, and creates and destroys none.
    """
    with sagemaker() as endpoint:
        terraform = Terraform(tmp_path / "terraform", aws.url, endpoint)
        install(terraform)
        terraform.succeed("apply", "-auto-approve")
        aws.client("s3").put_object(Bucket=BUCKETS[0], Key="training/customers.csv", Body=b"1,2\n")
        aws.client("s3").put_object(Bucket=BUCKETS[0], Key="training/customers.csv", Body=b"1,2\n3,4\n")
        before = versions(aws)
        assert len(before) >= 9

        succeed(aws, terraform.folder, ADOPT)
        migration = terraform.folder / "migration"
        report = json.loads((migration / "report.json").read_text())
        succeed(aws, terraform.folder, CHECK)

        state = json.loads((terraform.folder / "terraform.tfstate").read_text())
        (terraform.folder / REUSED).write_text((migration / "removed.tf").read_text())
        (terraform.folder / "constants.tf").write_text(constants(report, state))
        planned = changes(terraform.succeed("plan", "-out=release"))
        assert planned == {"add": 0, "change": 0, "destroy": 0}
        terraform.succeed("apply", "release")
        managed = set(terraform.run("state", "list").stdout.split())
        released = {one["address"] for one in report["resources"] if one["outcome"] == "Reuse"}
        assert released
        assert managed == {one["address"] for one in report["resources"]} - released

        succeed(aws, terraform.folder, PLAN)
        succeed(aws, terraform.folder, f"{DEPLOY} --yes")
        assert versions(aws) == before
        outputs = json.loads(succeed(aws, terraform.folder, f"smtemplates outputs {STACK} --json"))
        assert tuple(outputs[f"{which}BucketName"] for which in ("Input", "Output", "Model")) == BUCKETS

        (terraform.folder / "constants.tf").unlink()
        (terraform.folder / REUSED).write_text((CONFIGURATION / REUSED).read_text())
        (terraform.folder / "import.tf").write_text((migration / "return" / "import.tf").read_text())
        returned = changes(terraform.succeed("plan"))
        assert (returned["import"], returned["add"], returned["destroy"]) == (len(released), 0, 0)
        succeed(aws, terraform.folder, f"smtemplates destroy {STACK} --confirm {STACK}")
        assert versions(aws) == before

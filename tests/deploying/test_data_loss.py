"""Data loss and effects that cannot be seen, with the real script on the local cloud."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploying.local_aws import Aws

NOTEBOOK = {
    "Parameters": {"Subnet": {"Type": "String", "Default": ""}},
    "Resources": {
        "Notebook": {
            "Type": "AWS::SageMaker::NotebookInstance",
            "Properties": {
                "InstanceType": "ml.t3.medium",
                "RoleArn": "arn:aws:iam::000000000000:role/any",
                "SubnetId": {"Ref": "Subnet"},
            },
        }
    },
}
FILES = "The files of notebook instance Notebook are deleted."


def written(folder: Path, content: object) -> Path:
    path = folder / "template.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def words(text: str) -> str:
    """Return a text with its lines joined."""
    return " ".join(text.split())


def test_replaced_notebook_loses_its_files(aws: Aws, name: str, tmp_path: Path) -> None:
    """The plan in every format and the error of deploy name the files of a notebook instance that is replaced."""
    template = written(tmp_path, NOTEBOOK)
    assert aws.run("deploy", name, "--yes", template=template).returncode == 0
    update = (name, "--set", "Subnet=subnet-2")
    page = tmp_path / "plan.html"
    planned = aws.run("plan", *update, "--html", str(page), template=template)
    assert planned.returncode == 0
    texts = [planned.stdout, page.read_text(encoding="utf-8")]
    texts += [aws.run("plan", *update, option, template=template).stdout for option in ("--markdown", "--json")]
    refused = aws.run("deploy", *update, "--yes", template=template)
    assert refused.returncode == 4
    for text in (*texts, refused.stderr.rpartition("This change would")[2]):
        assert FILES in words(text), text


def test_allowed_resource_is_replaced(aws: Aws, name: str, tmp_path: Path) -> None:
    """An ID of the option allows the replacement of this resource. Another ID is a usage error."""
    template = written(tmp_path, NOTEBOOK)
    assert aws.run("deploy", name, "--yes", template=template).returncode == 0
    update = ("deploy", name, "--yes", "--set", "Subnet=subnet-2")
    wrong = aws.run(*update, "--allow-destructive-resource", "Notebook,Other", template=template)
    assert wrong.returncode == 2
    assert "does not destroy Other" in words(wrong.stderr)
    assert "It destroys: Notebook." in words(wrong.stderr)
    for value in ("", "Notebook,"):
        assert aws.run(*update, "--allow-destructive-resource", value, template=template).returncode == 2
    both = aws.run(*update, "--allow-destructive-resource", "Notebook", "--allow-destructive", template=template)
    assert both.returncode == 2
    assert aws.run(*update, "--allow-destructive-resource", "Notebook", template=template).returncode == 0
    # the same command line works again, although it destroys nothing now
    assert aws.run(*update, "--allow-destructive-resource", "Notebook", template=template).returncode == 0


@pytest.fixture
def parent(aws: Aws, name: str, tmp_path: Path) -> Path:
    """Deploy a stack with a nested stack that contains a table, and return the template of the stack."""
    child = {
        "Parameters": {"HasTable": {"Type": "String", "Default": "yes"}},
        "Conditions": {"HasTable": {"Fn::Equals": [{"Ref": "HasTable"}, "yes"]}},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Table": {
                "Type": "AWS::DynamoDB::Table",
                "Condition": "HasTable",
                "Properties": {
                    "BillingMode": "PAY_PER_REQUEST",
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                },
            },
        },
    }
    bucket = f"nested-{name.lower()}"
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="child.json", Body=json.dumps(child).encode())
    template = written(
        tmp_path,
        {
            "Parameters": {"HasTable": {"Type": "String", "Default": "yes"}},
            "Resources": {
                "Child": {
                    "Type": "AWS::CloudFormation::Stack",
                    "Properties": {
                        "TemplateURL": f"https://s3.amazonaws.com/{bucket}/child.json",
                        "Parameters": {"HasTable": {"Ref": "HasTable"}},
                    },
                }
            },
        },
    )
    assert aws.run("deploy", name, "--yes", template=template).returncode == 0
    return template


def test_change_of_a_nested_stack_that_cannot_be_seen(aws: Aws, name: str, parent: Path) -> None:
    """The local cloud does not provide changes of nested stacks: plan shows this, and deploy needs permission."""
    update = (name, "--set", "HasTable=no")
    planned = aws.run("plan", *update, template=parent)
    assert planned.returncode == 0
    assert "The effect of this change cannot be seen." in words(planned.stdout)
    assert aws.run("plan", *update, "--detailed-exitcode", template=parent).returncode == 3
    assert json.loads(aws.run("plan", *update, "--json", template=parent).stdout)["changes"][0]["unseen"]
    refused = aws.run("deploy", *update, "--yes", template=parent)
    assert refused.returncode == 4
    assert "cannot be seen" in words(refused.stderr)
    tables = aws.client("dynamodb")
    before = [table for table in tables.list_tables()["TableNames"] if table.startswith(name)]
    assert len(before) == 1
    allowed = aws.run("deploy", *update, "--yes", "--allow-destructive-resource", "Child", template=parent)
    assert allowed.returncode == 0, allowed.stderr
    assert not set(before) & set(tables.list_tables()["TableNames"])

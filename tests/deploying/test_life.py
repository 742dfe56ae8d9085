"""The life of a stack, with the real script as a process against the local cloud."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deploying.local_aws import SAMPLE, Aws


def keys(aws: Aws, bucket: str) -> list[str]:
    return [item["Key"] for item in aws.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_plan_leaves_nothing_behind(aws: Aws, name: str) -> None:
    """The plan of a new stack shows its resources, and leaves neither a stack nor a change set."""
    done = aws.run("plan", name, "--detailed-exitcode")
    assert (done.returncode, aws.status(name)) == (3, None), done.stderr
    assert "+ DataBucket" in done.stdout
    assert "CAPABILITY_IAM" in done.stdout


def test_create_runs_the_custom_resource(aws: Aws, name: str) -> None:
    """A new stack has the resources of the template, and its function has created the folder in the bucket."""
    outputs = aws.deployed(name)
    assert aws.status(name) == "CREATE_COMPLETE"
    assert keys(aws, outputs["BucketName"]) == ["training/"]


def test_deployment_without_changes(aws: Aws, name: str) -> None:
    """A deployment without changes succeeds with a message, prints no result and deletes its change set."""
    first = aws.deployed(name)
    done = aws.run("deploy", name, "--yes", "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["changed"], result["outputs"]) == (0, False, first)
    assert "No change" in done.stderr
    assert aws.run("deploy", name, "--yes").stdout == ""
    assert aws.change_sets(name) == []


def test_parameters_keep_their_values(aws: Aws, name: str) -> None:
    """A parameter that is not set keeps its value in an update; --reset returns it to its default."""
    aws.deployed(name, "Prefix=kept")
    outputs = aws.deployed(name, "CreateNotebook=true")
    assert keys(aws, outputs["BucketName"]) == ["kept/"]
    assert "NotebookName" in outputs
    done = aws.run("deploy", name, "--yes", "--reset", "Prefix")
    assert done.returncode == 0, done.stderr
    assert "training/" in keys(aws, outputs["BucketName"])


def test_deletion_of_the_notebook_needs_consent(aws: Aws, name: str) -> None:
    """The deletion of the notebook instance needs --allow-destructive, and the message contains the resource."""
    aws.deployed(name, "CreateNotebook=true")
    rejected = aws.run("deploy", name, "--yes", "--set", "CreateNotebook=false")
    assert rejected.returncode == 4
    assert "Notebook (AWS::SageMaker::NotebookInstance): will be deleted" in rejected.stderr
    assert "NotebookName" in aws.outputs(name)
    assert aws.change_sets(name) == []
    done = aws.run("deploy", name, "--yes", "--set", "CreateNotebook=false", "--allow-destructive")
    assert (done.returncode, "NotebookName" in aws.outputs(name)) == (0, False), done.stderr


def test_replacement_needs_consent(aws: Aws, name: str) -> None:
    """A replacement needs consent, and the message contains the property and the parameter that cause it."""
    aws.deployed(name, "CreateDomain=true")
    rejected = aws.run("deploy", name, "--yes", "--set", "DomainAuthMode=SSO")
    assert rejected.returncode == 4
    assert "will be replaced, because AuthMode changes (parameter DomainAuthMode)" in rejected.stderr


def test_only_new_stacks_get_the_tag_of_the_deployer(aws: Aws, name: str) -> None:
    """A stack that another tool created keeps its tags in an update; a stack that the deployer creates has its tag."""
    cloudformation = aws.client("cloudformation")
    parameters = {"StackName": name, "TemplateBody": SAMPLE.read_text(), "Tags": [{"Key": "Team", "Value": "blue"}]}
    cloudformation.create_stack(Capabilities=["CAPABILITY_IAM"], **parameters)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})

    def tags(stack: str) -> dict[str, str]:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Tags"]
        return {item["Key"]: item["Value"] for item in found}

    aws.deployed(name, "Prefix=two")
    assert tags(name) == {"Team": "blue"}
    aws.deployed(f"{name}-own")
    aws.deployed(f"{name}-own", "Prefix=two")
    assert tags(f"{name}-own") == {"smtemplates:deployer": "deploy"}


def test_new_tag_is_a_change(aws: Aws, name: str) -> None:
    """A new tag alone is a change, and the existing tags remain."""
    aws.deployed(name)
    for tag in ("Team=blue", "Cost=42"):
        done = aws.run("deploy", name, "--yes", "--tag", tag)
        assert done.returncode == 0, done.stderr
    tags = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["Tags"]
    assert {"Team": "blue", "Cost": "42"}.items() <= {item["Key"]: item["Value"] for item in tags}.items()


def test_new_output_is_a_change(aws: Aws, name: str, tmp_path: Path) -> None:
    """A template with only a new output is deployed, although the change set lists no resource."""
    aws.deployed(name)
    changed = tmp_path / "changed.yaml"
    changed.write_text(SAMPLE.read_text() + "  Added: {Value: new}\n")
    done = aws.run("deploy", name, "--yes", template=changed)
    assert done.returncode == 0, done.stderr
    assert "no resource changes" in done.stderr
    assert aws.outputs(name)["Added"] == "new"


def test_failed_creation_reports_the_cause(aws: Aws, name: str) -> None:
    """A failed creation reports the first cause and its log once, and --recreate creates the stack again."""
    failed = aws.run("deploy", name, "--yes", "--set", "Fail=true")
    assert (failed.returncode, aws.status(name)) == (1, "ROLLBACK_COMPLETE")
    assert "The first cause is Folders (Custom::Folders)" in failed.stderr
    assert "Log: giving up: asked to fail" in failed.stderr
    assert "cancelled" not in failed.stderr
    again = aws.run("deploy", name, "--yes")
    assert again.returncode == 1
    assert "--recreate" in again.stderr
    assert aws.run("deploy", name, "--yes", "--recreate").returncode == 0
    assert aws.status(name) == "CREATE_COMPLETE"


def test_failed_update_reports_the_cause(aws: Aws, name: str) -> None:
    """A failed update reports its cause and is rolled back, and the next update succeeds."""
    aws.deployed(name)
    failed = aws.run("deploy", name, "--yes", "--set", "Fail=true")
    assert (failed.returncode, aws.status(name)) == (1, "UPDATE_ROLLBACK_COMPLETE")
    assert "asked to fail" in failed.stderr
    aws.deployed(name, "Fail=false", "CreateNotebook=true")


def test_parameters_are_checked_before_any_call(aws: Aws, name: str) -> None:
    """All errors in the parameters are reported together without a call to AWS, with the most similar name."""
    arguments = ["--set", "CreateNotbook=true", "--set", "Prefix=NO", "--set", "Environment=prod", "--yes"]
    done = aws.run("deploy", name, *arguments, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 2
    for text in ("CreateNotebook", "lower case letters", "Environment"):
        assert text in done.stderr
    broken = aws.run("deploy", name, "--yes", "--set", "Fail=true", "--set", "CreateDomain=true")
    assert (broken.returncode, aws.status(name)) == (2, None)
    assert "a workspace that fails has no domain" in broken.stderr


def test_rules_include_the_values_that_the_stack_keeps(aws: Aws, name: str) -> None:
    """A rule is evaluated for the values that the stack keeps together with the values that are set."""
    aws.deployed(name, "CreateDomain=true")
    broken = aws.run("deploy", name, "--yes", "--set", "Fail=true")
    assert broken.returncode == 2
    assert "a workspace that fails has no domain" in broken.stderr


def test_without_a_terminal_options_replace_the_questions(aws: Aws, name: str) -> None:
    """Without a terminal, deploy needs --yes and destroy needs --confirm with the name of the stack."""
    rejected = aws.run("deploy", name)
    assert (rejected.returncode, aws.status(name)) == (2, None)
    assert "--yes" in rejected.stderr
    assert aws.run("destroy", name).returncode == 2
    assert aws.run("destroy", name, "--confirm", "other").returncode != 0


def test_reviewed_change_set_is_executed(aws: Aws, name: str) -> None:
    """--change-set executes the change set of plan --keep-change-set, even if the template has changed since then."""
    planned = aws.run("plan", name, "--keep-change-set", "--set", "Prefix=reviewed", "--json")
    plan = json.loads(planned.stdout)
    assert f"--change-set {plan['change_set_id']}" in planned.stderr
    done = aws.run("deploy", name, "--yes", "--change-set", plan["change_set_id"])
    assert done.returncode == 0, done.stderr
    assert keys(aws, aws.outputs(name)["BucketName"]) == ["reviewed/"]


def test_plan_keeps_the_change_sets_of_others(aws: Aws, name: str) -> None:
    """A plan does not delete the placeholder stack while it contains another change set."""
    kept = json.loads(aws.run("plan", name, "--keep-change-set", "--json").stdout)
    aws.run("plan", name, "--set", "Prefix=other")
    assert aws.status(name) == "REVIEW_IN_PROGRESS"
    assert len(aws.change_sets(name)) == 1
    assert aws.change_sets(name)[0] in kept["change_set_id"]


def test_destroy_retains_data(aws: Aws, name: str) -> None:
    """The command destroy reports the resources that are retained, and retains the bucket with its objects."""
    bucket = aws.deployed(name)["BucketName"]
    done = aws.run("destroy", name, "--confirm", name)
    assert (done.returncode, aws.status(name)) == (0, None), done.stderr
    assert "These resources are retained" in done.stderr
    assert keys(aws, bucket) == ["training/"]


def test_destroy_with_data(aws: Aws, name: str) -> None:
    """--delete-data deletes the bucket with old versions and delete markers, also after the stack was deleted."""
    bucket = aws.deployed(name)["BucketName"]
    s3 = aws.client("s3")
    for body in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key="data", Body=body)
    s3.delete_object(Bucket=bucket, Key="data")
    assert aws.run("destroy", name, "--confirm", name).returncode == 0
    done = aws.run("destroy", name, "--confirm", name, "--delete-data")
    assert done.returncode == 0, done.stderr
    assert f"Emptied bucket {bucket}: 4 object versions deleted" in done.stderr
    assert bucket not in [item["Name"] for item in s3.list_buckets()["Buckets"]]


def test_domain_with_spaces_needs_consent(aws: Aws, name: str) -> None:
    """The deletion of a domain with spaces needs --clear-studio, because AWS cannot delete a domain with spaces."""
    domain = aws.deployed(name, "CreateDomain=true")["DomainId"]
    sagemaker = aws.client("sagemaker")
    sagemaker.create_space(DomainId=domain, SpaceName="lab")
    off = ["deploy", name, "--yes", "--allow-destructive", "--set", "CreateDomain=false"]
    rejected = aws.run(*off)
    assert rejected.returncode == 4
    assert "space lab" in rejected.stderr
    assert "--clear-studio" in rejected.stderr
    assert len(sagemaker.list_spaces(DomainIdEquals=domain)["Spaces"]) == 1
    done = aws.run(*off, "--clear-studio")
    assert done.returncode == 0, done.stderr
    assert domain not in [item["DomainId"] for item in sagemaker.list_domains()["Domains"]]


def test_undeleted_resource_is_a_failure(aws: Aws, name: str, gate: Callable[[], None]) -> None:
    """An update that AWS completes without deleting a resource is a failure that reports the resource."""
    domain = aws.deployed(name, "CreateDomain=true")["DomainId"]
    off = ["deploy", name, "--yes", "--allow-destructive", "--set", "CreateDomain=false"]
    running = aws.start(*off, "--set", f"Gate=gate-{name.lower()}")
    aws.wait(name, "UPDATE_IN_PROGRESS")
    aws.client("sagemaker").create_space(DomainId=domain, SpaceName="late")
    gate()
    _, output = running.communicate(timeout=60)
    assert (running.returncode, aws.status(name)) == (1, "UPDATE_COMPLETE"), output
    assert f"Domain (AWS::SageMaker::Domain) {domain}: " in output
    assert "still has 1 Space" in output
    assert "outside the stack" in output


def test_production_stack_is_protected(aws: Aws, name: str) -> None:
    """A production stack has termination protection, and destroy needs --disable-protection."""
    aws.deployed(name, "Environment=prd")
    rejected = aws.run("destroy", name, "--confirm", name)
    assert rejected.returncode == 1
    assert "Termination protection" in rejected.stderr
    assert aws.run("destroy", name, "--confirm", name, "--disable-protection").returncode == 0


def test_outputs_for_a_shell(aws: Aws, name: str) -> None:
    """A shell can evaluate the output of outputs --env."""
    bucket = aws.deployed(name)["BucketName"]
    done = aws.run("outputs", name, "--env")
    shell = subprocess.run(
        ["/bin/sh", "-c", f'{done.stdout}\nprintf %s "$BucketName"'], capture_output=True, text=True, check=True
    )
    assert shell.stdout == bucket


def test_new_stack_has_no_drift(aws: Aws, name: str) -> None:
    """A stack that was not changed outside CloudFormation has no drift."""
    aws.deployed(name)
    done = aws.run("drift", name, "--detailed-exitcode")
    assert (done.returncode, done.stdout.startswith("No drift")) == (0, True), done.stdout + done.stderr
    assert " of 4 resources were checked" in done.stdout


@pytest.mark.parametrize("command", [["status"], ["outputs"], ["drift"], ["destroy", "--confirm", "none"]])
def test_missing_stack_is_an_error(aws: Aws, command: list[str]) -> None:
    """A stack that does not exist is an error with a message, without a traceback."""
    done = aws.run(command[0], "none", *command[1:])
    assert done.returncode == 1
    assert "Stack none does not exist in us-east-1" in done.stderr
    assert "aws cloudformation describe-stacks" in done.stderr  # to list them; a deployment would not help
    assert "run: scripts/deploy.py deploy" not in done.stderr
    assert "Traceback" not in done.stderr


def test_summary_of_a_github_job(aws: Aws, name: str, tmp_path: Path) -> None:
    """In a GitHub job, the summary of the job contains the plan as Markdown."""
    summary = tmp_path / "summary.md"
    aws.run("plan", name, GITHUB_STEP_SUMMARY=str(summary))
    assert "| `+` | DataBucket | AWS::S3::Bucket |" in summary.read_text()


def test_long_template_is_staged(aws: Aws, name: str, tmp_path: Path) -> None:
    """A template of more than 51,200 bytes is rejected without a bucket, and staged in a private bucket.

    deploy does not print long outputs, but prints the command that does.
    """
    content = SAMPLE.read_text().replace(
        "Outputs:\n", "Outputs:\n" + "".join(f"  Filler{n}: {{Value: {'x' * 400}}}\n" for n in range(150))
    )
    long = tmp_path / "long.yaml"
    long.write_text(content)
    rejected = aws.run("deploy", name, "--yes", template=long)
    assert (rejected.returncode, aws.status(name)) == (2, None)
    assert "--create-staging-bucket" in rejected.stderr
    done = aws.run("deploy", name, "--yes", "--create-staging-bucket", template=long)
    assert done.returncode == 0, done.stderr
    sent = aws.client("cloudformation").get_template(StackName=name)["TemplateBody"]
    assert f"The template has {len(sent.encode()):,} bytes in compact form" in rejected.stderr
    assert aws.outputs(name)["Filler149"] == "x" * 400
    assert "Filler149" not in done.stdout
    assert "BucketName" in done.stdout
    assert f"To see all outputs, run: scripts/deploy.py outputs {name}" in done.stderr
    policy = json.loads(
        aws.client("s3").get_bucket_policy(Bucket="smtemplates-staging-000000000000-us-east-1")["Policy"]
    )
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_wait_for_an_operation_in_progress(aws: Aws, name: str, gate: Callable[[], None]) -> None:
    """While another operation is in progress, a deployment ends with an error, or waits for it with --wait."""
    aws.deployed(name)
    first = aws.start("deploy", name, "--yes", "--set", f"Gate=gate-{name.lower()}")
    aws.wait(name, "UPDATE_IN_PROGRESS")
    rejected = aws.run("deploy", name, "--yes", "--set", "CreateNotebook=true")
    assert rejected.returncode == 1
    assert "--wait" in rejected.stderr
    waiting = aws.start("deploy", name, "--yes", "--wait", "--set", "CreateNotebook=true")
    gate()
    _, output = first.communicate(timeout=60)
    assert first.returncode == 0, output
    _, output = waiting.communicate(timeout=60)
    assert (waiting.returncode, "NotebookName" in aws.outputs(name)) == (0, True), output


def test_timeout_ends_watching(aws: Aws, name: str, gate: Callable[[], None]) -> None:
    """After the time limit the script ends with its own exit code, and the operation continues in AWS."""
    done = aws.run("deploy", name, "--yes", "--timeout", "0.01", "--set", f"Gate=gate-{name.lower()}")
    assert done.returncode == 5
    assert f"status --watch {name}" in done.stderr
    gate()
    assert aws.run("status", name, "--watch").returncode == 0
    assert aws.status(name) == "CREATE_COMPLETE"


def test_stack_settings_without_a_change(aws: Aws, name: str, tmp_path: Path) -> None:
    """Termination protection and the stack policy are set even if nothing else changes."""
    aws.deployed(name)
    policy = tmp_path / "policy.json"
    policy.write_text('{"Statement": []}')
    done = aws.run("deploy", name, "--yes", "--termination-protection", "--stack-policy", str(policy))
    assert done.returncode == 0, done.stderr
    cloudformation = aws.client("cloudformation")
    assert cloudformation.describe_stacks(StackName=name)["Stacks"][0]["EnableTerminationProtection"]
    assert cloudformation.get_stack_policy(StackName=name)["StackPolicyBody"] == '{"Statement": []}'
    policy.write_text("{")
    assert aws.run("deploy", name, "--yes", "--stack-policy", str(policy)).returncode == 2


def test_order_of_parameter_files_and_options(aws: Aws, name: str, tmp_path: Path) -> None:
    """A later file replaces an earlier one, --set replaces files, and the tags of a file are applied."""
    first, second = tmp_path / "first.yaml", tmp_path / "second.json"
    first.write_text("Prefix: first\nCreateNotebook: true\n")
    second.write_text('{"Parameters": {"Prefix": "second"}, "Tags": {"Team": "blue"}}')
    files = ["--parameters", str(first), "--parameters", str(second)]
    done = aws.run("deploy", name, "--yes", *files, "--set", "Environment=stg")
    assert done.returncode == 0, done.stderr
    found = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    values = {item["ParameterKey"]: item["ParameterValue"] for item in found["Parameters"]}
    assert (values["Prefix"], values["CreateNotebook"], values["Environment"]) == ("second", "true", "stg")
    assert {"Key": "Team", "Value": "blue"} in found["Tags"]

"""The whole life of a stack, with the real script as a process against the local cloud."""

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
    """Planning a stack that does not exist shows its resources, and leaves neither stack nor change set."""
    done = aws.run("plan", name, "--detailed-exitcode")
    assert (done.returncode, aws.status(name)) == (3, None), done.stderr
    assert "+ DataBucket" in done.stdout
    assert "CAPABILITY_IAM" in done.stdout


def test_create_runs_the_custom_resource(aws: Aws, name: str) -> None:
    """A new stack has what the template says, and its function has made the folder in the bucket."""
    outputs = aws.deployed(name)
    assert aws.status(name) == "CREATE_COMPLETE"
    assert keys(aws, outputs["BucketName"]) == ["training/"]


def test_unchanged(aws: Aws, name: str) -> None:
    """Deploying the same again is a success that says so, changes and prints nothing, and leaves no change set."""
    first = aws.deployed(name)
    done = aws.run("deploy", name, "--yes", "--json")
    result = json.loads(done.stdout)
    assert (done.returncode, result["changed"], result["outputs"]) == (0, False, first)
    assert "no change" in done.stderr
    assert aws.run("deploy", name, "--yes").stdout == ""
    assert aws.change_sets(name) == []


def test_parameters_are_kept(aws: Aws, name: str) -> None:
    """On an update, a parameter that is not set keeps its value; --reset returns it to its default."""
    aws.deployed(name, "Prefix=kept")
    outputs = aws.deployed(name, "CreateNotebook=true")
    assert keys(aws, outputs["BucketName"]) == ["kept/"]
    assert "NotebookName" in outputs
    done = aws.run("deploy", name, "--yes", "--reset", "Prefix")
    assert done.returncode == 0, done.stderr
    assert "training/" in keys(aws, outputs["BucketName"])


def test_notebook_off_needs_consent(aws: Aws, name: str) -> None:
    """Turning the notebook off deletes it, so it is refused until --allow-destructive, and named in the refusal."""
    aws.deployed(name, "CreateNotebook=true")
    refused = aws.run("deploy", name, "--yes", "--set", "CreateNotebook=false")
    assert refused.returncode == 4
    assert "Notebook (AWS::SageMaker::NotebookInstance): will be deleted" in refused.stderr
    assert "NotebookName" in aws.outputs(name)
    assert aws.change_sets(name) == []
    done = aws.run("deploy", name, "--yes", "--set", "CreateNotebook=false", "--allow-destructive")
    assert (done.returncode, "NotebookName" in aws.outputs(name)) == (0, False), done.stderr


def test_replacement_needs_consent(aws: Aws, name: str) -> None:
    """Changing what cannot be changed in place is refused, with the property and the parameter that cause it."""
    aws.deployed(name, "CreateDomain=true")
    refused = aws.run("deploy", name, "--yes", "--set", "DomainAuthMode=SSO")
    assert refused.returncode == 4
    assert "replaced by a new one, because AuthMode changes (parameter DomainAuthMode)" in refused.stderr


def test_a_stack_that_others_made_is_not_marked(aws: Aws, name: str) -> None:
    """The deployer updates a stack of the console's, keeps its tags and adds none; what it makes has its mark."""
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


def test_only_tags(aws: Aws, name: str) -> None:
    """A new tag alone is a change, and the tags that were there stay."""
    aws.deployed(name)
    for tag in ("Team=blue", "Cost=42"):
        done = aws.run("deploy", name, "--yes", "--tag", tag)
        assert done.returncode == 0, done.stderr
    tags = aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]["Tags"]
    assert {"Team": "blue", "Cost": "42"}.items() <= {item["Key"]: item["Value"] for item in tags}.items()


def test_only_outputs(aws: Aws, name: str, tmp_path: Path) -> None:
    """A template that differs in its outputs alone is deployed, though the change set lists no change."""
    aws.deployed(name)
    changed = tmp_path / "changed.yaml"
    changed.write_text(SAMPLE.read_text() + "  Added: {Value: new}\n")
    done = aws.run("deploy", name, "--yes", template=changed)
    assert done.returncode == 0, done.stderr
    assert "no resource changes" in done.stderr
    assert aws.outputs(name)["Added"] == "new"


def test_failed_create(aws: Aws, name: str) -> None:
    """A failed creation names the first cause and its own log, once; --recreate starts over."""
    failed = aws.run("deploy", name, "--yes", "--set", "Fail=true")
    assert (failed.returncode, aws.status(name)) == (1, "ROLLBACK_COMPLETE")
    assert "the first cause is Folders (Custom::Folders)" in failed.stderr
    assert "log: giving up: asked to fail" in failed.stderr
    assert "cancelled" not in failed.stderr
    again = aws.run("deploy", name, "--yes")
    assert again.returncode == 1
    assert "--recreate" in again.stderr
    assert aws.run("deploy", name, "--yes", "--recreate").returncode == 0
    assert aws.status(name) == "CREATE_COMPLETE"


def test_failed_update(aws: Aws, name: str) -> None:
    """A failed update says why, leaves the stack as it was, and the next update works."""
    aws.deployed(name)
    failed = aws.run("deploy", name, "--yes", "--set", "Fail=true")
    assert (failed.returncode, aws.status(name)) == (1, "UPDATE_ROLLBACK_COMPLETE")
    assert "asked to fail" in failed.stderr
    aws.deployed(name, "Fail=false", "CreateNotebook=true")


def test_rules_before_any_call(aws: Aws, name: str) -> None:
    """Everything wrong with the parameters is said at once, without AWS, with the nearest name."""
    arguments = ["--set", "CreateNotbook=true", "--set", "Prefix=NO", "--set", "Environment=prod", "--yes"]
    done = aws.run("deploy", name, *arguments, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 2
    for text in ("CreateNotebook", "lower case letters", "Environment"):
        assert text in done.stderr
    broken = aws.run("deploy", name, "--yes", "--set", "Fail=true", "--set", "CreateDomain=true")
    assert (broken.returncode, aws.status(name)) == (2, None)
    assert "a workspace that fails has no domain" in broken.stderr


def test_rules_see_kept_values(aws: Aws, name: str) -> None:
    """A rule is judged on the values that the stack keeps, together with those that are set."""
    aws.deployed(name, "CreateDomain=true")
    broken = aws.run("deploy", name, "--yes", "--set", "Fail=true")
    assert broken.returncode == 2
    assert "a workspace that fails has no domain" in broken.stderr


def test_without_a_terminal(aws: Aws, name: str) -> None:
    """Where nobody can be asked, deploy and destroy refuse unless they were told beforehand."""
    refused = aws.run("deploy", name)
    assert (refused.returncode, aws.status(name)) == (2, None)
    assert "--yes" in refused.stderr
    assert aws.run("destroy", name).returncode == 2
    assert aws.run("destroy", name, "--confirm", "other").returncode != 0


def test_reviewed_change_set(aws: Aws, name: str) -> None:
    """What plan --keep leaves is what deploy --change-set executes, whatever the template says by then."""
    planned = aws.run("plan", name, "--keep", "--set", "Prefix=reviewed", "--json")
    plan = json.loads(planned.stdout)
    assert f"--change-set {plan['change_set_id']}" in planned.stderr
    done = aws.run("deploy", name, "--yes", "--change-set", plan["change_set_id"])
    assert done.returncode == 0, done.stderr
    assert keys(aws, aws.outputs(name)["BucketName"]) == ["reviewed/"]


def test_others_change_sets_stay(aws: Aws, name: str) -> None:
    """A plan does not remove the placeholder stack while somebody else's change set is in it."""
    kept = json.loads(aws.run("plan", name, "--keep", "--json").stdout)
    aws.run("plan", name, "--set", "Prefix=other")
    assert aws.status(name) == "REVIEW_IN_PROGRESS"
    assert len(aws.change_sets(name)) == 1
    assert aws.change_sets(name)[0] in kept["change_set_id"]


def test_destroy_keeps_data(aws: Aws, name: str) -> None:
    """Destroying a stack says what stays, and keeps the bucket with all that is in it."""
    bucket = aws.deployed(name)["BucketName"]
    done = aws.run("destroy", name, "--confirm", name)
    assert (done.returncode, aws.status(name)) == (0, None), done.stderr
    assert "these stay" in done.stderr
    assert keys(aws, bucket) == ["training/"]


def test_destroy_with_data(aws: Aws, name: str) -> None:
    """With --delete-data the bucket goes, old versions and delete markers included, also if the stack went before."""
    bucket = aws.deployed(name)["BucketName"]
    s3 = aws.client("s3")
    for body in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key="data", Body=body)
    s3.delete_object(Bucket=bucket, Key="data")
    assert aws.run("destroy", name, "--confirm", name).returncode == 0
    done = aws.run("destroy", name, "--confirm", name, "--delete-data")
    assert done.returncode == 0, done.stderr
    assert f"emptied bucket {bucket}: 4 object version(s) deleted" in done.stderr
    assert bucket not in [item["Name"] for item in s3.list_buckets()["Buckets"]]


def test_destroy_clears_studio(aws: Aws, name: str) -> None:
    """Apps and spaces that people made in the domain are named, deleted first, and do not block its deletion."""
    domain = aws.deployed(name, "CreateDomain=true")["DomainId"]
    sagemaker = aws.client("sagemaker")
    sagemaker.create_space(DomainId=domain, SpaceName="lab")
    sagemaker.create_app(DomainId=domain, SpaceName="lab", AppType="JupyterLab", AppName="default")
    done = aws.run("destroy", name, "--confirm", name)
    assert (done.returncode, aws.status(name)) == (0, None), done.stderr
    assert "space lab" in done.stderr
    assert sagemaker.list_spaces(DomainIdEquals=domain)["Spaces"] == []


def test_domain_with_spaces_needs_consent(aws: Aws, name: str) -> None:
    """A domain goes only if what people made in it may go, which is named; AWS could not delete it, and forgets it."""
    domain = aws.deployed(name, "CreateDomain=true")["DomainId"]
    sagemaker = aws.client("sagemaker")
    sagemaker.create_space(DomainId=domain, SpaceName="lab")
    off = ["deploy", name, "--yes", "--allow-destructive", "--set", "CreateDomain=false"]
    refused = aws.run(*off)
    assert refused.returncode == 4
    assert "space lab" in refused.stderr
    assert "--clear-studio" in refused.stderr
    assert len(sagemaker.list_spaces(DomainIdEquals=domain)["Spaces"]) == 1
    done = aws.run(*off, "--clear-studio")
    assert done.returncode == 0, done.stderr
    assert domain not in [item["DomainId"] for item in sagemaker.list_domains()["Domains"]]


def test_what_aws_could_not_delete_is_a_failure(aws: Aws, name: str, gate: Callable[[], None]) -> None:
    """An update that AWS completes though it could not delete something names that, and is no success."""
    domain = aws.deployed(name, "CreateDomain=true")["DomainId"]
    off = ["deploy", name, "--yes", "--allow-destructive", "--set", "CreateDomain=false"]
    running = aws.start(*off, "--set", f"Gate=gate-{name.lower()}")
    wait_for(aws, name, "UPDATE_IN_PROGRESS")
    aws.client("sagemaker").create_space(DomainId=domain, SpaceName="late")
    gate()
    _, told = running.communicate(timeout=60)
    assert (running.returncode, aws.status(name)) == (1, "UPDATE_COMPLETE"), told
    assert f"Domain (AWS::SageMaker::Domain) {domain}: " in told
    assert "still has 1 Space(s)" in told
    assert "outside the stack" in told


def test_protection(aws: Aws, name: str) -> None:
    """A production stack is protected, and destroyed only after the protection is turned off on purpose."""
    aws.deployed(name, "Environment=prd")
    refused = aws.run("destroy", name, "--confirm", name)
    assert refused.returncode == 1
    assert "termination protection" in refused.stderr
    assert aws.run("destroy", name, "--confirm", name, "--disable-protection").returncode == 0


def test_outputs_for_a_shell(aws: Aws, name: str) -> None:
    """A shell can evaluate what outputs --env prints."""
    bucket = aws.deployed(name)["BucketName"]
    done = aws.run("outputs", name, "--env")
    shell = subprocess.run(
        ["/bin/sh", "-c", f'{done.stdout}\nprintf %s "$BucketName"'], capture_output=True, text=True, check=True
    )
    assert shell.stdout == bucket


def test_drift(aws: Aws, name: str) -> None:
    """A stack that nobody touched has no drift."""
    aws.deployed(name)
    done = aws.run("drift", name, "--detailed-exitcode")
    assert (done.returncode, done.stdout.startswith("no drift")) == (0, True), done.stdout + done.stderr
    assert " of 4 resources checked" in done.stdout


@pytest.mark.parametrize("command", [["status"], ["outputs"], ["drift"], ["destroy", "--confirm", "none"]])
def test_missing_stack(aws: Aws, command: list[str]) -> None:
    """A stack that is not there is one sentence, not a traceback."""
    done = aws.run(command[0], "none", *command[1:])
    assert done.returncode == 1
    assert "there is no stack none in us-east-1" in done.stderr
    assert "Traceback" not in done.stderr


def test_summary(aws: Aws, name: str, tmp_path: Path) -> None:
    """In a GitHub job the plan is in the job's summary, as Markdown."""
    summary = tmp_path / "summary.md"
    aws.run("plan", name, GITHUB_STEP_SUMMARY=str(summary))
    assert "| `+` | DataBucket | AWS::S3::Bucket |" in summary.read_text()


def test_long_template_is_staged(aws: Aws, name: str, tmp_path: Path) -> None:
    """A template of more than 51,200 bytes is refused without a bucket, and staged in a private one with it.

    Its long outputs are not shown unasked; how to see them is.
    """
    content = SAMPLE.read_text().replace(
        "Outputs:\n", "Outputs:\n" + "".join(f"  Filler{n}: {{Value: {'x' * 400}}}\n" for n in range(150))
    )
    long = tmp_path / "long.yaml"
    long.write_text(content)
    refused = aws.run("deploy", name, "--yes", template=long)
    assert (refused.returncode, aws.status(name)) == (2, None)
    assert "--create-staging-bucket" in refused.stderr
    done = aws.run("deploy", name, "--yes", "--create-staging-bucket", template=long)
    assert done.returncode == 0, done.stderr
    sent = aws.client("cloudformation").get_template(StackName=name)["TemplateBody"]
    assert f"the template has {len(sent.encode()):,} bytes in the compact form that is sent" in refused.stderr
    assert aws.outputs(name)["Filler149"] == "x" * 400
    assert "Filler149" not in done.stdout
    assert "BucketName" in done.stdout
    assert f"all outputs: scripts/deploy.py outputs {name}" in done.stderr
    policy = json.loads(
        aws.client("s3").get_bucket_policy(Bucket="smtemplates-staging-000000000000-us-east-1")["Policy"]
    )
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_operation_in_progress(aws: Aws, name: str, gate: Callable[[], None]) -> None:
    """While another operation runs, a deployment refuses, or waits with --wait and then goes on."""
    aws.deployed(name)
    first = aws.start("deploy", name, "--yes", "--set", f"Gate=gate-{name.lower()}")
    wait_for(aws, name, "UPDATE_IN_PROGRESS")
    refused = aws.run("deploy", name, "--yes", "--set", "CreateNotebook=true")
    assert refused.returncode == 1
    assert "--wait" in refused.stderr
    waiting = aws.start("deploy", name, "--yes", "--wait", "--set", "CreateNotebook=true")
    gate()
    _, told = first.communicate(timeout=60)
    assert first.returncode == 0, told
    _, told = waiting.communicate(timeout=60)
    assert (waiting.returncode, "NotebookName" in aws.outputs(name)) == (0, True), told


def test_timeout(aws: Aws, name: str, gate: Callable[[], None]) -> None:
    """When the time allowed is over, the script stops watching with a code of its own, and AWS goes on."""
    done = aws.run("deploy", name, "--yes", "--timeout", "0.01", "--set", f"Gate=gate-{name.lower()}")
    assert done.returncode == 5
    assert f"status --watch {name}" in done.stderr
    gate()
    assert aws.run("status", name, "--watch").returncode == 0
    assert aws.status(name) == "CREATE_COMPLETE"


def test_settings_without_a_change(aws: Aws, name: str, tmp_path: Path) -> None:
    """Termination protection and the stack policy are set even where nothing else changes."""
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


def test_parameter_files(aws: Aws, name: str, tmp_path: Path) -> None:
    """Files count in their order, --set counts last, and tags of a pipeline's file arrive."""
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


def wait_for(aws: Aws, stack: str, status: str) -> None:
    while aws.status(stack) != status:
        pass

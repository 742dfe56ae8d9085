"""The SageMaker SDKs work with the permissions of the execution role, in a notebook, in Studio and on a laptop."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import samples
import venvs
import yaml
from access.combinations import policies_of
from access.simulator import Request, verdicts
from access.workflows import WORKFLOWS as TABLE
from aws_cli import moto
from deploying.proxy import serving

from sdk.account import REFUSED, ROLE_NAME, Account
from sdk.calls import requests, tagged
from smtemplates.evaluate import Stack

ASSETS = Path(__file__).with_name("assets")
SNIPPET = Path(__file__).parents[2] / "smtemplates" / "reference" / "assets" / "model_trainer.py"
LIMITS = {"AllowedInstanceTypes": "ml.m5.*", "MaxJobRuntimeSeconds": "86400"}
STACKS = {
    "plain": {"CreateModelPackageGroup": "true", "CreateNotebook": "true"},
    "full": {**samples.VPC, **samples.KEY, **LIMITS, "CreateModelPackageGroup": "true"},
    "project": {"CreateModelPackageGroup": "true", "CreateNotebook": "true", "Isolation": "Project"},
}
PROJECT = {"Project": "sagemaker", "Environment": "dev"}
NOTEBOOK = samples.physical("Notebook", None).rpartition("/")[2]
# The file that AWS writes on notebook instances and in Studio.
METADATA: dict[str, dict[str, str]] = {
    "notebook": {"ResourceName": NOTEBOOK},
    "studio": {"DomainId": "d-abcdefghijkl", "UserProfileName": "ana", "ExecutionRoleArn": "{role}"},
    "laptop": {},
    "project": {"ResourceName": NOTEBOOK},
}
# A version has the tags of its group.
WITHOUT_TAGS = ("sagemaker:CreateModelPackage",)
EXAMPLE = "run the example of the reference"
Records = dict[tuple[str, str], dict[str, Any]]
CALLERS = {"notebook": "plain", "studio": "full", "laptop": "full", "project": "project"}
WORKFLOWS = {
    2: (
        "upload data",
        "find the role",
        "fit Estimator",
        "read the metrics of a job",
        "deploy Estimator",
        "run HyperparameterTuner",
        "run Transformer",
        "register a version",
    ),
    3: (
        "upload data",
        "find the role",
        "construct ModelTrainer",
        EXAMPLE,
        "run Processor",
        "deploy with ModelBuilder",
        "update and start Pipeline",
    ),
}


@pytest.fixture(scope="module")
def stacks(template: dict[str, Any]) -> dict[str, Stack]:
    return {name: samples.deployed(template, parameters) for name, parameters in STACKS.items()}


@pytest.fixture(scope="module")
def account(stacks: Mapping[str, Stack], session: Any) -> Iterator[Account]:
    """Return the account with the buckets, the role and the notebook of the stacks."""
    policies = {name: policies_of(stack) for name, stack in stacks.items()}
    with moto() as url:
        outputs = stacks["plain"].outputs
        client = {name: session.client(name, endpoint_url=url) for name in ("iam", "s3", "sagemaker")}
        for which in ("Input", "Output", "Model"):
            client["s3"].create_bucket(Bucket=outputs[f"{which}BucketName"])
        trust = stacks["plain"].resources["ExecutionRole"]["Properties"]["AssumeRolePolicyDocument"]
        client["iam"].create_role(RoleName=ROLE_NAME, AssumeRolePolicyDocument=json.dumps(trust))
        client["sagemaker"].create_model_package_group(ModelPackageGroupName=outputs["ModelPackageGroupName"])
        notebook = {"InstanceType": "ml.t3.medium", "RoleArn": outputs["ExecutionRoleArn"]}
        client["sagemaker"].create_notebook_instance(NotebookInstanceName=NOTEBOOK, **notebook)
        with serving(Account(url, policies)) as proxy:
            yield proxy


@pytest.mark.slow
@pytest.mark.parametrize("version", WORKFLOWS)
def test_the_sdk_works_with_the_execution_role(
    version: int, stacks: Mapping[str, Stack], account: Account, tmp_path: Path
) -> None:
    """The workflows of an SDK work, and each call is allowed. It is one test, because importing an SDK is slow."""
    records = run(version, stacks, account, tmp_path)
    check_results(records)
    check_permissions(records, account)
    check_table(records, f"SDK {version}")
    check_isolation(records, account)
    if version == 3:
        check_example(records, stacks)
        check_role_validation(records["laptop", "construct ModelTrainer"], account)


def run(version: int, stacks: Mapping[str, Stack], account: Account, folder: Path) -> Records:
    """Run the workflows for all callers, and return what happened, by caller and workflow."""
    runs = [_run(caller, stacks[stack], account.url, folder, WORKFLOWS[version]) for caller, stack in CALLERS.items()]
    python, program = venvs.prepare(f"sdk-{version}"), ASSETS / f"sdk_{version}.py"
    results = folder / "results.json"
    done = subprocess.run(
        [str(python), str(program), str(results)],
        input=json.dumps(runs),
        env=_environment(account.url, "administrator.plain", folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(results.read_text(encoding="utf-8"))
    return {(caller, record["workflow"]): record for caller, run in zip(CALLERS, found, strict=True) for record in run}


def _environment(url: str, key: str, folder: Path) -> dict[str, str]:
    """Return the environment of a caller. Nothing outside this computer can be reached."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "NO_PROXY": "127.0.0.1",
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAGEMAKER_SUPPRESS_V2_WARNING": "1",
    }


def _run(caller: str, stack: Stack, url: str, folder: Path, workflows: tuple[str, ...]) -> dict[str, Any]:
    outputs = stack.outputs
    config = folder / f"{caller}.yaml"
    config.write_text(outputs["SageMakerSdkConfig"], encoding="utf-8")
    key = f"{'administrator' if caller == 'laptop' else 'role'}.{CALLERS[caller]}"
    role = outputs["ExecutionRoleArn"]
    return {
        "environment": {**_environment(url, key, folder), "SAGEMAKER_USER_CONFIG_OVERRIDE": str(config)},
        "folder": str(folder / caller),
        "metadata": {name: value.format(role=role) for name, value in METADATA[caller].items()},
        # the example switches the check of the role off, which works without it in a notebook and in Studio only
        "workflows": sorted(workflows, key=lambda name: name == EXAMPLE and caller != "laptop"),
        "values": {
            "caller": caller,
            "snippet": str(SNIPPET),
            "image": outputs["PyTorchTrainingImage"],
            "role": role,
            "group": outputs["ModelPackageGroupName"],
            **{name.lower(): outputs[f"{name}BucketName"] for name in ("Input", "Output")},
            "models": outputs["ModelBucketName"],
            "workspace": "-".join(PROJECT.values()),
        },
    }


def by_role(records: Records) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the caller, the workflow and each call that was made with the execution role."""
    return [
        (caller, name, call)
        for (caller, name), record in records.items()
        for call in record["calls"]
        if caller not in ("laptop", "project")
    ]


def check_results(records: Records) -> None:
    """Check that everything works for every caller, except for the errors that docs/how-to/permissions.md explains."""
    errors = {case: record["error"].partition(":")[0] for case, record in records.items() if record["error"]}
    explained = {("laptop", "find the role"): "ValueError", ("laptop", "construct ModelTrainer"): "RoleValidationError"}
    assert errors == {case: explained[case] for case in explained if case in records}, records


def check_permissions(records: Records, account: Account) -> None:
    """Check that the policies allow all calls with the role, except for those that the SDK does not need."""
    cases = [(caller, name, call, request) for caller, name, call in by_role(records) for request in requests(call)]
    found = verdicts([(account.policies[CALLERS[caller]], request) for caller, _, _, request in cases])
    wrong = [
        f"{caller}, {name}: {request} is {'allowed' if verdict else 'denied'}"
        for (caller, name, call, request), verdict in zip(cases, found, strict=True)
        if verdict is call["denied"]
    ]
    assert wrong == []
    assert {call["operation"] for _, _, call, _ in cases if call["denied"]} <= REFUSED


def check_isolation(records: Records, account: Account) -> None:
    """Check that with Isolation=Project, calls with the SDK defaults are allowed, and creations without tags denied."""
    calls = [call for (caller, _), record in records.items() if caller == "project" for call in record["calls"]]
    policies = account.policies["project"]
    cases = [(call, request) for call, request in tagged(calls, PROJECT) if not call["denied"]]
    found = verdicts([(policies, request) for _, request in cases])
    assert [request for (_, request), allowed in zip(cases, found, strict=True) if not allowed] == []
    created = [
        replace(request, context={key: value for key, value in request.context.items() if "Tag/" not in key})
        for _, request in cases
        if request.action.startswith("sagemaker:Create") and request.action not in WITHOUT_TAGS
    ]
    assert len(created) >= 3
    found = verdicts([(policies, request) for request in created])
    assert [request for request, allowed in zip(created, found, strict=True) if allowed] == []


def check_table(records: Records, version: str) -> None:
    """Check that the table of workflows has the same calls with the same condition keys as the SDK."""
    recorded = {
        (f"{version}: {name}", request.action, key)
        for _, name, call in by_role(records)
        if call["operation"] not in REFUSED
        for request in requests(call)
        for key in ("", *request.context)
    }
    listed = {
        (one.title, action, key)
        for one in TABLE
        if one.title.startswith(version)
        for action, _, context, _ in one.calls
        for key in ("", *context)
    }
    assert (sorted(recorded - listed), sorted(listed - recorded)) == ([], [])


def check_example(records: Records, stacks: Mapping[str, Stack]) -> None:
    """Check that the job of the example has the network, key, folder and limits of the stack, for every caller."""
    for caller, stack in CALLERS.items():
        record = records[caller, EXAMPLE]
        (job,) = (call["parameters"] for call in record["calls"] if call["operation"] == "CreateTrainingJob")
        config = yaml.safe_load(stacks[stack].outputs["SageMakerSdkConfig"])
        training, defaults = config["SageMaker"]["TrainingJob"], config["CustomParameters"]
        assert job["RoleArn"] == training["RoleArn"]
        assert job.get("VpcConfig") == training.get("VpcConfig")
        assert job["OutputDataConfig"].get("KmsKeyId") == training.get("OutputDataConfig", {}).get("KmsKeyId")
        assert job["OutputDataConfig"]["S3OutputPath"] == f"s3://{defaults['ModelBucket']}/artifacts/"
        assert job["StoppingCondition"] == {"MaxRuntimeInSeconds": int(defaults["TrainingMaxRuntimeSeconds"])}


def check_role_validation(record: dict[str, Any], account: Account) -> None:
    """Check that SDK 3 reports permissions as missing that the role has with the context that AWS sends."""
    missing = set(re.findall(r"[a-z0-9]+:[A-Z]\w+", record["error"].splitlines()[1]))
    used = {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}
    asked = [Request("ecr:GetAuthorizationToken"), Request("cloudwatch:PutMetricData", context=used)]
    assert {request.action for request in asked} <= missing
    assert all(verdicts([(account.policies["full"], request) for request in asked]))

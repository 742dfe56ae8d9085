"""The local cloud for tests: its clients, and deploy.py against it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import processes
from botocore.exceptions import ClientError

from deploying.results import check_result
from smtemplates.deploy.operations.states import PRODUCT_TAG
from smtemplates.local_cloud.lifecycle import CLIENT

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "deploy.py"
SAMPLE = Path(__file__).with_name("sample.yaml")

ACCOUNT = "000000000000"
SDK: Any = import_module("boto3")  # it has no types


def policy(**statement: Any) -> dict[str, Any]:
    """Return a policy document with one statement of effect Allow."""
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]}


OWN_ACCOUNT = policy(Action="sts:AssumeRole", Principal={"AWS": ACCOUNT})
ANYTHING = policy(Action="*", Resource="*")


@cache
def _client(aws: Aws, service: str, region: str) -> Any:
    keys = {name.lower(): value for name, value in aws.credentials.items()}
    return SDK.client(service, endpoint_url=aws.url, region_name=region, **keys)


@dataclass(frozen=True)
class Aws:
    """The local cloud for one pair of keys: clients of its services, and the real script with these keys.

    With the ID of an account as access key, every call is allowed in that account.
    """

    url: str
    keys: tuple[str, ...] = ("test", "test")

    @property
    def credentials(self) -> dict[str, str]:
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return dict(zip(names, self.keys, strict=False))

    @property
    def environment(self) -> dict[str, str]:
        inherited = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
        settings = {**CLIENT, **self.credentials, "AWS_ENDPOINT_URL": self.url}
        return {**inherited, **settings, "PYTHONDONTWRITEBYTECODE": "1"}

    def client(self, service: str, region: str = "us-east-1") -> Any:
        return _client(self, service, region)

    def command(self, *arguments: str, template: Path = SAMPLE) -> list[str]:
        planned = arguments[0] in ("plan", "deploy") and "--change-set" not in arguments
        extra = ["--template", str(template)] if planned else []
        return [sys.executable, str(SCRIPT), *arguments, *extra]

    def run(
        self, *arguments: str, template: Path = SAMPLE, **environment: str | None
    ) -> subprocess.CompletedProcess[str]:
        """Run the script to its end, and validate its JSON. A variable of `environment` that is None is not set."""
        variables = {key: value for key, value in {**self.environment, **environment}.items() if value is not None}
        done = processes.run(self.command(*arguments, template=template), variables)
        if "--json" in arguments:
            check_result("failure" if '"error": {' in done.stdout else arguments[0], done.stdout)
        return done

    def start(self, *arguments: str, template: Path = SAMPLE) -> processes.Started:
        return processes.start_command(self.command(*arguments, template=template), self.environment)

    def role(self, name: str, trusted: Mapping[str, Any] = OWN_ACCOUNT, allowed: Mapping[str, Any] = ANYTHING) -> str:
        """Create a role with a trust policy and a permissions policy, and return its ARN."""
        iam = self.client("iam")
        role: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trusted))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="Allowed", PolicyDocument=json.dumps(allowed))
        return role

    def as_role(self, arn: str) -> Aws:
        """Return the local cloud for the credentials of a role."""
        credentials = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        return Aws(self.url, (credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]))

    def status(self, stack: str) -> str | None:
        try:
            found = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        except ClientError:
            return None
        status: str = found[0]["StackStatus"]
        return status

    def wait(self, stack: str, status: str | None) -> None:
        """Wait until a stack has a status, or does not exist for None."""
        while self.status(stack) != status:
            time.sleep(0.02)

    def created(self, stack: str, template: str, **parameters: str) -> None:
        """Create a stack as the deployer does, but with two kinds of calls, and wait until it is complete."""
        self.client("cloudformation").create_stack(
            StackName=stack,
            TemplateBody=template,
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Tags=[{"Key": PRODUCT_TAG, "Value": "deploy"}],
        )
        while (status := self.status(stack)) == "CREATE_IN_PROGRESS":
            time.sleep(0.02)
        assert status == "CREATE_COMPLETE"

    def change_sets(self, stack: str) -> list[str]:
        found = self.client("cloudformation").list_change_sets(StackName=stack)["Summaries"]
        return [item["ChangeSetName"] for item in found if item["ExecutionStatus"] != "EXECUTE_COMPLETE"]

    def outputs(self, stack: str) -> dict[str, str]:
        done = self.run("outputs", stack, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, str] = json.loads(done.stdout)
        del found["schema"]
        return found

    def deployed(self, stack: str, *settings: str) -> dict[str, str]:
        """Deploy the sample template and return the outputs of the stack."""
        sets = [text for setting in settings for text in ("--set", setting)]
        done = self.run("deploy", stack, "--yes", *sets)
        assert done.returncode == 0, done.stderr
        return self.outputs(stack)

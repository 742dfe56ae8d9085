"""Terraform with the AWS provider, for the configuration of these tests on a local AWS."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from deploying.local_aws import ACCOUNT
from moto.sagemaker.models import SageMakerModelBackend
from moto.server import ThreadedMotoServer

CONFIGURATION = Path(__file__).with_name("configuration")
# The provider waits for minutes until the resources of this file are stable.
SLOW = "slow.tf"
INSTALL_SECONDS = 60
RUN_SECONDS = 240


class _Untagged:
    """A resource without tags: the provider requests the tags of resources that moto does not find."""

    tags: tuple[Any, ...] = ()


@contextmanager
def sagemaker() -> Iterator[str]:
    """Run the SageMaker of moto, because the local cloud creates most types only through CloudFormation."""
    find, create = SageMakerModelBackend._get_resource_from_arn, SageMakerModelBackend.create_domain  # noqa: SLF001 moto has no other place for it

    def find_or_nothing(self: SageMakerModelBackend, arn: str) -> Any:
        try:
            found = find(self, arn)
        except AttributeError:
            return _Untagged()
        return _Untagged() if getattr(found, "tags", None) is None else found

    def create_with_id(self: SageMakerModelBackend, **settings: Any) -> dict[str, Any]:
        created = create(self, **settings)
        return {
            **created,
            "DomainId": next(key for key, one in self.domains.items() if one.arn == created["DomainArn"]),
        }

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    with (
        mock.patch.object(SageMakerModelBackend, "_get_resource_from_arn", find_or_nothing),
        mock.patch.object(SageMakerModelBackend, "create_domain", create_with_id),
        mock.patch.dict(os.environ, MOTO_ACCOUNT_ID=ACCOUNT),
    ):
        server.start()
        try:
            host, port = server.get_host_and_port()
            yield f"http://{host}:{port}"
        finally:
            server.stop()


@dataclass(frozen=True)
class Terraform:
    """Terraform in a folder with a copy of the configuration."""

    folder: Path
    endpoint: str
    sagemaker: str

    def run(self, *arguments: str, seconds: int = RUN_SECONDS) -> subprocess.CompletedProcess[str]:
        variables = {"TF_VAR_endpoint": self.endpoint, "TF_VAR_sagemaker_endpoint": self.sagemaker}
        quiet = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env={**os.environ, **variables, **quiet},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )

    def succeed(self, *arguments: str) -> str:
        """Run Terraform, and return its output."""
        done = self.run(arguments[0], "-no-color", *arguments[1:])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def install(terraform: Terraform) -> None:
    """Copy the configuration and install the provider. Without Terraform or the provider, the test is skipped."""
    if not shutil.which("terraform"):
        pytest.skip("there is no Terraform on the PATH")
    shutil.copytree(CONFIGURATION, terraform.folder, ignore=shutil.ignore_patterns(SLOW))
    try:
        done = terraform.run("init", "-no-color", seconds=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        pytest.skip(f"terraform init did not install the AWS provider within {INSTALL_SECONDS} seconds")
    if done.returncode:
        pytest.skip(f"terraform init cannot install the AWS provider: {done.stderr.strip()[-300:]}")

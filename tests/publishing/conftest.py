from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import processes
import pytest
from deploying.local_aws import ROOT, Aws
from deploying.proxy import serving

from publishing.service_catalog import ServiceCatalog
from smtemplates.local_cloud.lifecycle import running

SCRIPT = ROOT / "scripts" / "publish.py"
BUCKET = "publishing"


def template_of(**parameter: str) -> dict[str, Any]:
    """Return a small template with one parameter that has the given attributes."""
    return {
        "Description": "A bucket",
        "Parameters": {"Size": {"Type": "String", "Default": "1", "Description": "How large", **parameter}},
        "Resources": {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"Tags": [{"Key": "size", "Value": {"Ref": "Size"}}]},
            }
        },
        "Outputs": {"Size": {"Value": {"Ref": "Size"}, "Description": "How large it is"}},
    }


@dataclass(frozen=True)
class Publisher:
    """Runs the real script against the simulated Service Catalog."""

    aws: Aws
    catalog: ServiceCatalog
    product: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**self.aws.environment, "AWS_ENDPOINT_URL": self.catalog.url}

    def write(self, content: dict[str, Any]) -> Path:
        path = self.folder / "template.json"
        path.write_text(json.dumps(content))
        return path

    def arguments(self, version: str, *more: str, size: str = "1", **parameter: str) -> list[str]:
        """Return the arguments that publish a template whose parameter has the default `size`."""
        path = self.write(template_of(Default=size, **parameter))
        place = ["--product", self.product, "--staging-bucket", BUCKET]
        return ["version", version, "--template", str(path), *place, *more]

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(SCRIPT), *arguments]

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return processes.run(self.command(*arguments), {**self.environment, **environment})

    def publish(self, version: str, *more: str, size: str = "1", **parameter: str) -> subprocess.CompletedProcess[str]:
        return self.run(*self.arguments(version, "--yes", *more, size=size, **parameter))

    def states(self) -> dict[str, str]:
        """Return the state of each version by name, and fail if two have the same name."""
        found = self.catalog.products[self.product]
        states = {one["Name"]: ("" if one["Active"] else "inactive ") + one["Guidance"].lower() for one in found}
        assert len(states) == len(found)
        return states


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    with running() as url:
        aws = Aws(url)
        aws.client("s3").create_bucket(Bucket=BUCKET)
        yield aws


@pytest.fixture(scope="session")
def service(aws: Aws) -> Iterator[ServiceCatalog]:
    with serving(ServiceCatalog(aws.url)) as service:
        yield service


@pytest.fixture
def publisher(aws: Aws, service: ServiceCatalog, tmp_path: Path) -> Iterator[Publisher]:
    service.spoil(None)
    service.polls, service.fails, service.quota = 0, 0, 100
    product = f"prod-{uuid.uuid4().hex[:13]}"
    service.products[product] = []
    yield Publisher(aws, service, product, tmp_path)
    assert service.complaints == []

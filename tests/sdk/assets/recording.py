"""Run workflows of a SageMaker SDK for several callers, and record the calls that reach AWS.

It is imported by the programs sdk_2.py and sdk_3.py, which run in the environments of the SDKs. The program reads a
list of runs as JSON from standard input, and writes their records as JSON to the file in its only argument. Each run
has its own process, because the SDKs keep sessions of a caller in global variables.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import boto3
import botocore.client
import botocore.loaders
import botocore.regions
import botocore.session
import jsonschema
from botocore.exceptions import ClientError

gc.disable()  # among the many objects of an SDK, a search for garbage takes long, and the processes end soon

Workflows = Mapping[str, Callable[[Mapping[str, str]], object]]

SERVICES = ("iam", "s3", "sagemaker", "sagemaker-featurestore-runtime", "sagemaker-metrics", "sagemaker-runtime", "sts")

_validate = jsonschema.validate


@functools.cache
def _validated(instance: str, schema: str) -> None:
    _validate(json.loads(instance), json.loads(schema))


def _validate_once(instance: Any, schema: Any) -> None:
    """Validate each file once. The SDK validates the same file for every value that it reads, which takes most time."""
    _validated(json.dumps(instance, sort_keys=True), json.dumps(schema, sort_keys=True))


def _share_clients() -> None:
    """Read each model, and create each class of clients once. Each session would do it again, which takes most time."""
    botocore.session.create_loader = functools.cache(botocore.loaders.create_loader)
    create, provide = botocore.client.ClientCreator._create_client_class, botocore.regions.EndpointProvider  # noqa: SLF001
    shared: dict[tuple[str, Any], Any] = {}

    def created(self: Any, service: str, model: Any) -> Any:
        if ("class", service) not in shared:
            shared["class", service] = create(self, service, model)
        return shared["class", service]

    def provided(ruleset_data: Any, partition_data: Any, excluded_params: Any = None) -> Any:
        key = ("rules", id(ruleset_data))  # the shared loader keeps them
        if key not in shared:
            shared[key] = provide(ruleset_data, partition_data, excluded_params)
        return shared[key]

    botocore.client.ClientCreator._create_client_class = created  # noqa: SLF001
    botocore.regions.EndpointProvider = provided


def _record(calls: list[dict[str, Any]]) -> None:
    """Add each call of the AWS SDK to a list, and send calls with an own address to the local server."""
    call, create = botocore.client.BaseClient._make_api_call, botocore.session.Session.create_client  # noqa: SLF001

    def recorded(self: Any, operation: str, parameters: dict[str, Any]) -> Any:
        service = self.meta.service_model.signing_name
        made = {"service": service, "operation": operation, "parameters": parameters, "denied": False}
        calls.append(made)
        try:
            return call(self, operation, parameters)
        except ClientError as error:
            made["denied"] = error.response["Error"]["Code"] == "AccessDenied"
            raise

    def created(self: Any, *arguments: Any, **options: Any) -> Any:
        if options.get("endpoint_url"):  # the SDK builds the address of the Region's STS
            options["endpoint_url"] = os.environ["AWS_ENDPOINT_URL"]
        return create(self, *arguments, **options)

    botocore.client.BaseClient._make_api_call = recorded  # noqa: SLF001
    botocore.session.Session.create_client = created


def _run(run: Mapping[str, Any], workflows: Workflows, session_module: str) -> list[dict[str, Any]]:
    os.environ.update(run["environment"])
    boto3.DEFAULT_SESSION = None  # SDK 3 creates clients when it is imported
    Path(run["folder"]).mkdir()
    os.chdir(run["folder"])
    Path("src").mkdir()
    Path("src", "train.py").write_text("print(1)\n", encoding="utf-8")
    if run["metadata"]:
        Path("metadata.json").write_text(json.dumps(run["metadata"]), encoding="utf-8")
    # AWS writes this file on notebook instances and in Studio
    importlib.import_module(session_module).NOTEBOOK_METADATA_FILE = str(Path("metadata.json").resolve())
    calls: list[dict[str, Any]] = []
    _record(calls)
    records = []
    for name in run["workflows"]:
        calls.clear()
        result, error = None, ""
        try:
            result = workflows[name](run["values"])
        except Exception as raised:  # noqa: BLE001 the test reports any error of the SDK
            error = f"{type(raised).__name__}: {raised}"
        record = {"workflow": name, "calls": list(calls), "result": result, "error": error}
        records.append(json.loads(json.dumps(record, default=str)))
    return records


def main(workflows: Workflows, session_module: str) -> None:
    """Run the workflows for all callers at the same time."""
    warnings.simplefilter("ignore")
    jsonschema.validate = _validate_once
    _share_clients()
    runs = json.load(sys.stdin)
    for service in SERVICES:  # the processes of the runs share these models
        boto3.Session().client(service)
    with tempfile.TemporaryDirectory() as folder:
        children = []
        for number, run in enumerate(runs):
            file = Path(folder, f"{number}.json")
            child = os.fork()
            if not child:
                try:
                    file.write_text(json.dumps(_run(run, workflows, session_module)), encoding="utf-8")
                finally:
                    os._exit(0)
            children.append((child, file))
        for child, _ in children:
            os.waitpid(child, 0)
        Path(sys.argv[1]).write_text(json.dumps([json.loads(file.read_text()) for _, file in children]))

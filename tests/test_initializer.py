"""Run the function of the custom resources Folders and LogGroups, as Lambda runs it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

SDK: Any = import_module("boto3")  # the package has no types
SOURCE = Path(__file__).parent.parent / "smtemplates/templates/workspace/assets" / "initializer.py"
STACK = "arn:aws:cloudformation:us-east-1:111122223333:stack/Team-A/0a1b2c3d-0000-1111-2222-333344445555"
SECRET = "X-Amz-Signature=5ec5e7"  # noqa: S105 part of a made-up presigned URL
KEYS = ["training/", "validation/"]
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass
class Loopback:
    """A server that records requests and returns one answer after the other, and then repeats the last one."""

    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b"")])
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]


@contextmanager
def loopback(*answers: tuple[int, bytes]) -> Iterator[Loopback]:
    seen = Loopback(answers=list(answers or [(200, b"")]))

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.requests.append((dict(self.headers.items()), body))
            status, content = seen.answers.pop(0) if len(seen.answers) > 1 else seen.answers[0]
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT  # noqa: N815 http.server's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def load() -> ModuleType:
    """Import the function as Lambda does, under the name index."""
    spec = importlib.util.spec_from_file_location("index", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    index = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(index)
    index.PAUSES = (0, 0.01)  # type: ignore[attr-defined]  # the tests need no time between two attempts
    return index


def request(url: str, kind: str, what: str, properties: object, **more: object) -> dict[str, Any]:
    return {
        "RequestType": what,
        "ResponseURL": f"{url}/answer?{SECRET}",
        "StackId": STACK,
        "RequestId": "unique-1",
        "ResourceType": f"Custom::{kind}",
        "LogicalResourceId": kind,
        "ResourceProperties": properties,
        **more,
    }


def buckets(*names: str, keys: list[str] = KEYS) -> dict[str, Any]:
    return {"ServiceToken": "arn:aws:lambda:...", "Buckets": [{"Bucket": name, "Keys": keys} for name in names]}


def groups(*names: str, days: str = "30") -> dict[str, Any]:
    return {"ServiceToken": "arn:aws:lambda:...", "Names": list(names), "RetentionInDays": days}


Send = Callable[..., dict[str, Any]]


@pytest.fixture
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@pytest.fixture(scope="module", autouse=True)
def index() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)
        yield load()


@pytest.fixture
def send(aws: None, index: ModuleType) -> Send:  # noqa: ARG001 the function uses the mocked AWS
    """Return a function that sends a request and returns the only answer."""

    def run(kind: str, what: str, properties: object, **more: object) -> dict[str, Any]:
        with loopback() as seen:
            index.handler(request(seen.url, kind, what, properties, **more), None)
            (body,) = seen.bodies()
            return body

    return run


def enable_versioning(name: str) -> None:
    SDK.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def make_bucket(name: str, *, versioned: bool = True) -> Any:
    s3 = SDK.client("s3")
    s3.create_bucket(Bucket=name)
    if versioned:
        enable_versioning(name)
    return s3


def objects(name: str) -> dict[str, int]:
    return {found["Key"]: found["Size"] for found in SDK.client("s3").list_objects_v2(Bucket=name).get("Contents", [])}


# --- answers


@pytest.mark.usefixtures("aws")
def test_answer_has_the_format_of_cloudformation(index: ModuleType) -> None:
    """The answer repeats the IDs of the request and has no content type, which the presigned URL does not allow."""
    make_bucket("data")
    with loopback() as seen:
        index.handler(request(seen.url, "Folders", "Create", buckets("data")), None)
    ((headers, _),) = seen.requests
    assert headers["Content-Type"] == ""
    assert seen.bodies() == [
        {
            "Status": "SUCCESS",
            "Reason": "",
            "PhysicalResourceId": "Folders",
            "StackId": STACK,
            "RequestId": "unique-1",
            "LogicalResourceId": "Folders",
        }
    ]


def test_updates_and_deletes_keep_the_physical_id(send: Send) -> None:
    """An update does not change the physical ID, so CloudFormation does not delete a previous resource."""
    make_bucket("data")
    for what in ("Update", "Delete"):
        assert (
            send("Folders", what, buckets("data"), PhysicalResourceId="as-it-was")["PhysicalResourceId"] == "as-it-was"
        )


def test_presigned_url_is_not_logged(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    """The log does not contain the presigned URL, after success and after failure."""
    caplog.set_level("DEBUG", logger="")
    make_bucket("data")
    send("Folders", "Create", buckets("data"))
    send("Folders", "Create", buckets("missing"))
    assert "missing" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("aws")
def test_rejected_answer_is_an_error(index: ModuleType) -> None:
    """If the answer is rejected, the function fails, so Lambda runs it again. The second run succeeds."""
    make_bucket("data")
    with loopback((503, b""), (200, b"")) as seen:
        event = request(seen.url, "Folders", "Create", buckets("data"))
        with pytest.raises(OSError, match="503"):
            index.handler(event, None)
        index.handler(event, None)
    assert [body["Status"] for body in seen.bodies()] == ["SUCCESS", "SUCCESS"]


# --- folders


def test_folders_are_empty_objects(send: Send) -> None:
    """Create writes one empty object for each folder in every bucket."""
    for name in ("data", "models"):
        make_bucket(name)
    assert send("Folders", "Create", buckets("data", "models"))["Status"] == "SUCCESS"
    assert objects("data") == objects("models") == dict.fromkeys(KEYS, 0)


def test_existing_object_is_not_changed(send: Send) -> None:
    """If an object already has the name of the folder, create, update and delete do not change it."""
    s3 = make_bucket("data")
    s3.put_object(Bucket="data", Key="training/", Body=b"someone's")
    for what in ("Create", "Update", "Delete"):
        assert send("Folders", what, buckets("data", keys=["training/"]))["Status"] == "SUCCESS"
        (version,) = s3.list_object_versions(Bucket="data")["Versions"]
        assert version["Size"] == len(b"someone's")


def test_update_adds_folders_and_removes_none(send: Send) -> None:
    """Update adds new folders and keeps removed ones, because users may still use them."""
    make_bucket("data")
    send("Folders", "Create", buckets("data", keys=["old/", "kept/"]))
    old = buckets("data", keys=["old/", "kept/"])
    send("Folders", "Update", buckets("data", keys=["kept/", "new/"]), OldResourceProperties=old)
    assert set(objects("data")) == {"old/", "kept/", "new/"}


@pytest.mark.parametrize("versioned", [True, False])
def test_bucket_can_be_deleted_after_a_failed_creation(send: Send, *, versioned: bool) -> None:
    """Delete removes all versions of the folder objects, so the rollback can delete the bucket.

    moto rejects the version "null" in a bucket that was never versioned, unlike S3. So the test enables versioning.
    """
    s3 = make_bucket("data", versioned=versioned)
    send("Folders", "Create", buckets("data"))
    enable_versioning("data")
    assert send("Folders", "Delete", buckets("data"))["Status"] == "SUCCESS"
    s3.delete_bucket(Bucket="data")
    assert s3.list_buckets()["Buckets"] == []


def test_delete_removes_only_objects_of_the_stack(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    """Delete keeps data, folder objects of other stacks, and folder objects that a user created."""
    s3 = make_bucket("data")
    send("Folders", "Create", buckets("data"))
    s3.put_object(Bucket="data", Key="training/set.csv", Body=b"1,2,3")
    s3.put_object(Bucket="data", Key="training/later/", Metadata={"smtemplates-stack": STACK})
    s3.put_object(Bucket="data", Key="by-hand/")
    s3.put_object(Bucket="data", Key="theirs/", Metadata={"smtemplates-stack": STACK + "0"})
    s3.put_object(Bucket="data", Key="filled/", Body=b"x", Metadata={"smtemplates-stack": STACK})
    send("Folders", "Delete", buckets("data", keys=[*KEYS, "by-hand/", "theirs/", "filled/"]))
    assert set(objects("data")) == {"training/set.csv", "training/later/", "by-hand/", "theirs/", "filled/"}
    assert caplog.text == ""


def test_delete_removes_every_version_of_the_stack(send: Send) -> None:
    """Delete removes every version that this stack wrote and keeps a version that another program wrote."""
    s3 = make_bucket("data")
    for body, metadata in ((b"", {"smtemplates-stack": STACK}), (b"data", {}), (b"", {"smtemplates-stack": STACK})):
        s3.put_object(Bucket="data", Key="training/", Body=body, Metadata=metadata)
    send("Folders", "Delete", buckets("data"))
    assert [version["Size"] for version in s3.list_object_versions(Bucket="data")["Versions"]] == [len(b"data")]


def test_delete_ignores_missing_buckets(send: Send) -> None:
    """A missing bucket does not prevent the deletion of the folder objects in other buckets."""
    make_bucket("data")
    send("Folders", "Create", buckets("data"))
    assert send("Folders", "Delete", buckets("gone", "data"))["Status"] == "SUCCESS"
    assert objects("data") == {}


DENIED = (403, b"<Error><Code>AccessDenied</Code><Message>Not you</Message></Error>")


def test_denied_delete_does_not_block_the_stack(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The stack can be deleted when the function cannot remove folder objects. The log lists each of them."""
    with loopback(DENIED) as s3, loopback() as seen:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
        load().handler(request(seen.url, "Folders", "Delete", buckets("data")), None)
    assert [body["Status"] for body in seen.bodies()] == ["SUCCESS"]
    assert all(f"'{key}'}} was not removed" in caplog.text for key in KEYS)


# --- log groups


def retention() -> dict[str, int]:
    found = SDK.client("logs").describe_log_groups()["logGroups"]
    return {group["logGroupName"]: group.get("retentionInDays", 0) for group in found}


def test_log_groups_are_created_or_changed_and_never_deleted(send: Send) -> None:
    """Missing groups are created, new and existing groups get the retention, and all groups are retained."""
    SDK.client("logs").create_log_group(logGroupName="/aws/sagemaker/TrainingJobs")
    names = ("/aws/sagemaker/TrainingJobs", "/aws/sagemaker/studio")
    send("LogGroups", "Create", groups(*names))
    assert retention() == dict.fromkeys(names, 30)
    send("LogGroups", "Update", groups(*names, days="7"), OldResourceProperties=groups(*names))
    assert retention() == dict.fromkeys(names, 7)
    assert send("LogGroups", "Delete", groups(*names))["Status"] == "SUCCESS"
    assert retention() == dict.fromkeys(names, 7)


def set_by_others(days: int) -> None:
    logs = SDK.client("logs")
    logs.create_log_group(logGroupName="/aws/sagemaker/TrainingJobs")
    logs.put_retention_policy(logGroupName="/aws/sagemaker/TrainingJobs", retentionInDays=days)
    logs.create_log_group(logGroupName="/aws/sagemaker/TrainingJobs-of-another-team")


@pytest.mark.parametrize(("others", "kept"), [(365, 365), (30, 30), (7, 30)])
def test_longer_retention_of_others_is_kept(send: Send, others: int, kept: int) -> None:
    """A first deployment only increases the retention of a shared group, so no log events are deleted."""
    set_by_others(others)
    send("LogGroups", "Create", groups("/aws/sagemaker/TrainingJobs"))
    assert retention() == {"/aws/sagemaker/TrainingJobs": kept, "/aws/sagemaker/TrainingJobs-of-another-team": 0}


@pytest.mark.parametrize(
    ("others", "before", "kept"),
    [
        (365, groups("/aws/sagemaker/TrainingJobs", days="30"), 365),
        (60, groups("/aws/sagemaker/TrainingJobs", days="60"), 30),
        (60, groups("/aws/sagemaker/studio", days="60"), 60),
        (14, groups("/aws/sagemaker/TrainingJobs", days="60"), 30),
    ],
    ids=["set by others", "set by this stack", "new in this stack", "shortened by others"],
)
def test_stack_decreases_only_its_own_retention(send: Send, others: int, before: dict[str, Any], kept: int) -> None:
    """An update decreases a retention only if this stack set it before."""
    set_by_others(others)
    send("LogGroups", "Update", groups("/aws/sagemaker/TrainingJobs"), OldResourceProperties=before)
    assert retention()["/aws/sagemaker/TrainingJobs"] == kept


def test_concurrent_creation_of_a_log_group_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """If another stack creates the same group at the same time, the function tries again."""
    busy = (400, b'{"__type": "OperationAbortedException", "message": "A conflicting operation is in progress"}')
    exists = (400, b'{"__type": "ResourceAlreadyExistsException", "message": "It exists"}')
    with loopback(busy, exists, (200, b'{"logGroups": []}')) as logs, loopback() as seen:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", logs.url)
        load().handler(request(seen.url, "LogGroups", "Create", groups("/aws/sagemaker/studio")), None)
    assert [body["Status"] for body in seen.bodies()] == ["SUCCESS"]
    called = [headers["X-Amz-Target"].split(".")[1] for headers, _ in logs.requests]
    assert called == ["CreateLogGroup", "CreateLogGroup", "DescribeLogGroups", "PutRetentionPolicy"]


# --- failures


def test_missing_bucket_fails_with_its_name(send: Send) -> None:
    """If a bucket does not exist, the reason of the failure contains its name and the message of AWS."""
    body = send("Folders", "Create", buckets("missing"))
    assert body["Status"] == "FAILED"
    assert body["Reason"] == (
        "Could not write s3://missing/training/: An error occurred (NoSuchBucket) when calling the PutObject "
        "operation: The specified bucket does not exist"
    )


def test_denied_write_fails_after_all_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A denied write is repeated, because policies take effect with delay. Then it fails with the message of AWS."""
    with loopback(DENIED) as s3, loopback() as seen:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
        load().handler(request(seen.url, "Folders", "Create", buckets("data")), None)
    (body,) = seen.bodies()
    assert body["Status"] == "FAILED"
    assert body["Reason"] == (
        "Could not write s3://data/training/: "
        "An error occurred (AccessDenied) when calling the PutObject operation: Not you"
    )
    assert len(s3.requests) == len(load().PAUSES)


@pytest.mark.parametrize(
    ("kind", "what", "properties"),
    [
        ("Folders", "Read", buckets("data")),
        ("Folders", "Create", {}),
        ("Folders", "Update", {"Buckets": [{"Bucket": "data"}]}),
        ("Other", "Create", buckets("data")),
        ("LogGroups", "Create", groups("/a", days="soon")),
        ("LogGroups", "Create", None),
    ],
)
def test_invalid_request_fails(send: Send, kind: str, what: str, properties: object) -> None:
    """The answer to an unknown request or to invalid properties is a failure."""
    make_bucket("data")
    body = send(kind, what, properties)
    assert body["Status"] == "FAILED"
    assert body["Reason"].startswith("Could not ")


@pytest.mark.parametrize("properties", [{}, {"Buckets": "data"}, {"Buckets": [{"Bucket": "data"}]}, None])
def test_delete_with_invalid_properties_succeeds(send: Send, properties: object) -> None:
    """Invalid properties, with which the creation failed, do not block the rollback."""
    assert send("Folders", "Delete", properties)["Status"] == "SUCCESS"


@pytest.mark.parametrize("letter", ["a", "é", '"', "\\", "\x00", "😀"])
def test_longest_answer_is_within_the_limit(send: Send, letter: str) -> None:
    """No answer exceeds 4,096 bytes, which is the limit of CloudFormation, also with long names in the reason.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
    """
    body = send(
        "LogGroups", "Create", {"Names": [letter * 9000], "RetentionInDays": "x"}, PhysicalResourceId="p" * 1024
    )
    assert body["Status"] == "FAILED"
    assert len(json.dumps(body)) <= 4096


JSON = st.recursive(
    st.none() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(["Folders", "LogGroups", "Other"]),
    what=st.sampled_from(["Create", "Update", "Delete"]) | st.text(max_size=9),
    properties=st.fixed_dictionaries({}, optional={"Buckets": JSON, "Names": JSON, "RetentionInDays": JSON}) | JSON,
)
def test_every_request_gets_one_answer(index: ModuleType, kind: str, what: str, properties: object) -> None:
    """The function sends exactly one answer to any request."""
    with mock_aws(), loopback() as seen:
        index.handler(request(seen.url, kind, what, properties), None)
    (body,) = seen.bodies()
    assert body["Status"] in ("SUCCESS", "FAILED")


# --- as Lambda runs it


def run(folder: Path, event: dict[str, Any], before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the file in the folder layout of Lambda, in a separate process."""
    shutil.copy(SOURCE, folder / "index.py")
    code = f"import json, sys\n{before}\nimport index\nindex.handler(json.load(sys.stdin), None)"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, **environment},
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )


def test_function_runs_as_index_handler(tmp_path: Path) -> None:
    """The file runs in the folder layout of Lambda, as index.handler, without this package."""
    fake = (
        "from moto import mock_aws; mock_aws().start(); import boto3; boto3.client('s3').create_bucket(Bucket='data')"
    )
    with loopback() as seen:
        run(tmp_path, request(seen.url, "Folders", "Create", buckets("data")), fake)
    assert [(body["Status"], body["Reason"]) for body in seen.bodies()] == [("SUCCESS", "")]


def test_function_answers_before_its_timeout(tmp_path: Path) -> None:
    """If AWS does not respond, the function answers before its timeout."""
    hang = "import socket; silent = socket.create_server(('127.0.0.1', 0)); import os; "
    hang += "os.environ['AWS_ENDPOINT_URL_S3'] = f'http://127.0.0.1:{silent.getsockname()[1]}'; "
    hang += "import index; index.WORK_SECONDS = 1"
    with loopback() as seen:
        run(tmp_path, request(seen.url, "Folders", "Create", buckets("data")), hang)
    assert [(body["Status"], body["Reason"]) for body in seen.bodies()] == [
        ("FAILED", "Could not write s3://data/training/: time is up")
    ]

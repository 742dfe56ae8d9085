"""The function behind Folders and LogGroups, run as the Python that Lambda runs."""

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

SDK: Any = import_module("boto3")  # it has no types
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
    """A server that remembers requests and answers with the next of some answers, the last one for ever."""

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
    index.PAUSES = (0, 0.01)  # type: ignore[attr-defined]  # what is waited for has happened already, or never will
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
def send(aws: None, index: ModuleType) -> Send:  # noqa: ARG001 the function must find the fake AWS
    """Send the function a request and give its one answer."""

    def run(kind: str, what: str, properties: object, **more: object) -> dict[str, Any]:
        with loopback() as seen:
            index.handler(request(seen.url, kind, what, properties, **more), None)
            (body,) = seen.bodies()
            return body

    return run


def turn_versioning_on(name: str) -> None:
    SDK.client("s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def make_bucket(name: str, *, versioned: bool = True) -> Any:
    s3 = SDK.client("s3")
    s3.create_bucket(Bucket=name)
    if versioned:
        turn_versioning_on(name)
    return s3


def objects(name: str) -> dict[str, int]:
    return {found["Key"]: found["Size"] for found in SDK.client("s3").list_objects_v2(Bucket=name).get("Contents", [])}


# --- the answer


@pytest.mark.usefixtures("aws")
def test_answer_is_what_cloudformation_reads(index: ModuleType) -> None:
    """The answer echoes the request's ids, and carries no content type, for the presigned URL was signed without."""
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
    """An update never changes the physical id, so CloudFormation never deletes an old one."""
    make_bucket("data")
    for what in ("Update", "Delete"):
        assert (
            send("Folders", what, buckets("data"), PhysicalResourceId="as-it-was")["PhysicalResourceId"] == "as-it-was"
        )


def test_nothing_secret_is_logged(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    """Neither success nor failure writes the presigned URL to the log."""
    caplog.set_level("DEBUG", logger="")
    make_bucket("data")
    send("Folders", "Create", buckets("data"))
    send("Folders", "Create", buckets("missing"))
    assert "missing" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.usefixtures("aws")
def test_answer_that_does_not_arrive_is_an_error(index: ModuleType) -> None:
    """When the answer is refused the function fails, so that Lambda runs it again; the second run then succeeds."""
    make_bucket("data")
    with loopback((503, b""), (200, b"")) as seen:
        event = request(seen.url, "Folders", "Create", buckets("data"))
        with pytest.raises(OSError, match="503"):
            index.handler(event, None)
        index.handler(event, None)
    assert [body["Status"] for body in seen.bodies()] == ["SUCCESS", "SUCCESS"]


# --- folders


def test_folders_are_empty_objects(send: Send) -> None:
    """Create writes one empty object a folder, in every bucket."""
    for name in ("data", "models"):
        make_bucket(name)
    assert send("Folders", "Create", buckets("data", "models"))["Status"] == "SUCCESS"
    assert objects("data") == objects("models") == dict.fromkeys(KEYS, 0)


def test_an_object_that_was_there_is_left_alone(send: Send) -> None:
    """Where an object has the folder's name already, create, update and delete do not touch it."""
    s3 = make_bucket("data")
    s3.put_object(Bucket="data", Key="training/", Body=b"someone's")
    for what in ("Create", "Update", "Delete"):
        assert send("Folders", what, buckets("data", keys=["training/"]))["Status"] == "SUCCESS"
        (version,) = s3.list_object_versions(Bucket="data")["Versions"]
        assert version["Size"] == len(b"someone's")


def test_update_writes_what_is_new_and_removes_nothing(send: Send) -> None:
    """Update adds new folders; one that is no longer wanted stays, for work may go on in it."""
    make_bucket("data")
    send("Folders", "Create", buckets("data", keys=["old/", "kept/"]))
    old = buckets("data", keys=["old/", "kept/"])
    send("Folders", "Update", buckets("data", keys=["kept/", "new/"]), OldResourceProperties=old)
    assert set(objects("data")) == {"old/", "kept/", "new/"}


@pytest.mark.parametrize("versioned", [True, False])
def test_a_failed_first_create_leaves_a_bucket_that_can_be_deleted(send: Send, *, versioned: bool) -> None:
    """After Delete no version of a marker is left, so the rollback can delete the bucket.

    The fake AWS refuses the version "null" where versioning was never on; S3 does not. Hence it is switched on.
    """
    s3 = make_bucket("data", versioned=versioned)
    send("Folders", "Create", buckets("data"))
    turn_versioning_on("data")
    assert send("Folders", "Delete", buckets("data"))["Status"] == "SUCCESS"
    s3.delete_bucket(Bucket="data")
    assert s3.list_buckets()["Buckets"] == []


def test_delete_removes_only_what_the_stack_wrote(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    """Data, other stacks' markers, and markers made by hand outlive the stack."""
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


def test_delete_finds_every_version(send: Send) -> None:
    """Every version that this stack wrote goes, and a version in between that somebody else wrote stays."""
    s3 = make_bucket("data")
    for body, metadata in ((b"", {"smtemplates-stack": STACK}), (b"data", {}), (b"", {"smtemplates-stack": STACK})):
        s3.put_object(Bucket="data", Key="training/", Body=body, Metadata=metadata)
    send("Folders", "Delete", buckets("data"))
    assert [version["Size"] for version in s3.list_object_versions(Bucket="data")["Versions"]] == [len(b"data")]


def test_delete_goes_on_where_a_bucket_is_gone(send: Send) -> None:
    """A bucket that is gone keeps neither the stack nor the other buckets' markers from going."""
    make_bucket("data")
    send("Folders", "Create", buckets("data"))
    assert send("Folders", "Delete", buckets("gone", "data"))["Status"] == "SUCCESS"
    assert objects("data") == {}


DENIED = (403, b"<Error><Code>AccessDenied</Code><Message>Not you</Message></Error>")


def test_delete_that_is_denied_does_not_hold_the_stack(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Markers that may not be removed stay, the log names each, and the stack can go."""
    with loopback(DENIED) as s3, loopback() as seen:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
        load().handler(request(seen.url, "Folders", "Delete", buckets("data")), None)
    assert [body["Status"] for body in seen.bodies()] == ["SUCCESS"]
    assert all(f"'{key}'}} was not removed" in caplog.text for key in KEYS)


# --- log groups


def retention() -> dict[str, int]:
    found = SDK.client("logs").describe_log_groups()["logGroups"]
    return {group["logGroupName"]: group.get("retentionInDays", 0) for group in found}


def test_log_groups_are_made_or_taken_over_and_never_deleted(send: Send) -> None:
    """A missing group is made, both it and one that was there get the retention, and both outlive the stack."""
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
def test_what_others_keep_for_longer_stays(send: Send, others: int, kept: int) -> None:
    """A first deployment only lengthens the retention of a group that others share: their logs stay."""
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
def test_a_stack_shortens_only_what_it_set(send: Send, others: int, before: dict[str, Any], kept: int) -> None:
    """An update shortens a retention only where it is the one that this stack gave that group before."""
    set_by_others(others)
    send("LogGroups", "Update", groups("/aws/sagemaker/TrainingJobs"), OldResourceProperties=before)
    assert retention()["/aws/sagemaker/TrainingJobs"] == kept


def test_two_stacks_at_once_both_get_their_log_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """When another stack is making the same group at this moment, the function tries again."""
    busy = (400, b'{"__type": "OperationAbortedException", "message": "A conflicting operation is in progress"}')
    exists = (400, b'{"__type": "ResourceAlreadyExistsException", "message": "It exists"}')
    with loopback(busy, exists, (200, b'{"logGroups": []}')) as logs, loopback() as seen:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH_LOGS", logs.url)
        load().handler(request(seen.url, "LogGroups", "Create", groups("/aws/sagemaker/studio")), None)
    assert [body["Status"] for body in seen.bodies()] == ["SUCCESS"]
    called = [headers["X-Amz-Target"].split(".")[1] for headers, _ in logs.requests]
    assert called == ["CreateLogGroup", "CreateLogGroup", "DescribeLogGroups", "PutRetentionPolicy"]


# --- failures


def test_missing_bucket_is_named(send: Send) -> None:
    """A bucket that does not exist fails the stack with a sentence that names it and says what AWS said."""
    body = send("Folders", "Create", buckets("missing"))
    assert body["Status"] == "FAILED"
    assert body["Reason"] == (
        "Could not write s3://missing/training/: An error occurred (NoSuchBucket) when calling the PutObject "
        "operation: The specified bucket does not exist"
    )


def test_denied_write_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that stays denied is tried again, since policies take time, then fails the stack with AWS's message."""
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
def test_a_request_that_makes_no_sense_fails(send: Send, kind: str, what: str, properties: object) -> None:
    """An unknown request, or one whose properties are wrong, is answered with a failure."""
    make_bucket("data")
    body = send(kind, what, properties)
    assert body["Status"] == "FAILED"
    assert body["Reason"].startswith("Could not ")


@pytest.mark.parametrize("properties", [{}, {"Buckets": "data"}, {"Buckets": [{"Bucket": "data"}]}, None])
def test_delete_of_what_made_no_sense_succeeds(send: Send, properties: object) -> None:
    """The rollback of a create that failed for its properties is not held up by the same properties."""
    assert send("Folders", "Delete", properties)["Status"] == "SUCCESS"


@pytest.mark.parametrize("letter", ["a", "é", '"', "\\", "\x00", "😀"])
def test_the_longest_answer_is_within_the_limit(send: Send, letter: str) -> None:
    """An answer has at most 4,096 bytes, which is what CloudFormation reads, whatever went wrong with what.

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
def test_it_always_answers_once(index: ModuleType, kind: str, what: str, properties: object) -> None:
    """Whatever the request holds there is exactly one answer."""
    with mock_aws(), loopback() as seen:
        index.handler(request(seen.url, kind, what, properties), None)
    (body,) = seen.bodies()
    assert body["Status"] in ("SUCCESS", "FAILED")


# --- as Lambda runs it


def run(folder: Path, event: dict[str, Any], before: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the file in Lambda's layout, in a process of its own."""
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


def test_it_runs_as_index_handler(tmp_path: Path) -> None:
    """The file works in Lambda's layout: index.py, index.handler, nothing of this package."""
    fake = (
        "from moto import mock_aws; mock_aws().start(); import boto3; boto3.client('s3').create_bucket(Bucket='data')"
    )
    with loopback() as seen:
        run(tmp_path, request(seen.url, "Folders", "Create", buckets("data")), fake)
    assert [(body["Status"], body["Reason"]) for body in seen.bodies()] == [("SUCCESS", "")]


def test_it_answers_before_its_time_is_up(tmp_path: Path) -> None:
    """When AWS does not respond at all, the function still answers while it can."""
    hang = "import socket; silent = socket.create_server(('127.0.0.1', 0)); import os; "
    hang += "os.environ['AWS_ENDPOINT_URL_S3'] = f'http://127.0.0.1:{silent.getsockname()[1]}'; "
    hang += "import index; index.WORK_SECONDS = 1"
    with loopback() as seen:
        run(tmp_path, request(seen.url, "Folders", "Create", buckets("data")), hang)
    assert [(body["Status"], body["Reason"]) for body in seen.bodies()] == [
        ("FAILED", "Could not write s3://data/training/: time is up")
    ]


def test_it_fits_where_inline_code_has_to_fit() -> None:
    """The file is at most 4,608 characters: short, though CloudFormation no longer limits inline code to 4,096.

    Source: https://github.com/aws/aws-cdk/pull/20624
    """
    assert len(SOURCE.read_text(encoding="utf-8")) <= 4608

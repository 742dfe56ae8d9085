"""Run the function of the custom resources Folders and LogGroups, as Lambda runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from initializer.function import (
    KEYS,
    SDK,
    SECRET,
    SOURCE,
    STACK,
    Send,
    buckets,
    groups,
    load,
    loopback,
    request,
)


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
        ("LogGroups", "Create", groups("/a") | {"RetentionInDays": "soon"}),
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

"""A function in Python starts as a copy of a process, and behaves as in a new process."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deploying.local_aws import Aws

from smtemplates.local_cloud.lifecycle import running

REPORT = """\
import os, sys
def handler(event, context):
    import boto3
    print("written")
    return {"version": getattr(boto3, "own", "shared"), "folder": os.getcwd() in sys.path, "name": os.environ["Name"],
            "main": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "input": len(event)}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Aws]:
    with running() as url:
        yield Aws(url)


def invoked(aws: Aws, name: str, files: dict[str, str]) -> tuple[dict[str, Any], str]:
    """Create a function from files, call it, and return its answer and the error that it reports."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        for path, text in files.items():
            written.writestr(path, text)
    client = aws.client("lambda")
    client.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="index.handler",
        Role=aws.role(name),
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": {"Name": name}},
    )
    done = client.invoke(FunctionName=name, Payload=json.dumps({"one": 1}))
    return json.loads(done["Payload"].read()), done.get("FunctionError", "")


def test_functions_have_their_own_variables_and_version_of_the_sdk(server: Aws) -> None:
    """Each function sees its own variables and modules, also an SDK that is part of its code."""
    expected = {"version": "shared", "folder": True, "input": 1}
    for name, files in (("first", {}), ("second", {}), ("third", {"boto3.py": "own = 'own'"})):
        answer, error = invoked(server, name, {"index.py": REPORT, **files})
        version = {"version": "own"} if files else {}
        assert (answer, error) == ({**expected, **version, "name": name, "main": name}, "")


def test_failures_and_exits_of_a_function_are_reported(server: Aws) -> None:
    """An exception and the end of the process are errors of the call, and the next call works."""
    for name, code in (("raising", "raise ValueError('no')"), ("ending", "import os; os._exit(3)")):
        answer, error = invoked(server, name, {"index.py": f"def handler(event, context):\n    {code}\n"})
        assert error
        assert answer
    assert invoked(server, "last", {"index.py": REPORT})[1] == ""


@pytest.mark.slow
def test_functions_run_in_a_folder_with_a_long_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whose home directory has a long path can deploy functions."""
    folder = tmp_path / ("long" * 20)
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    with running() as url:
        assert invoked(Aws(url), "first", {"index.py": REPORT})[1] == ""

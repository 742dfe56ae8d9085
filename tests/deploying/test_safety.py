"""What must never leave, and what must never be acknowledged without need."""

from __future__ import annotations

from typing import Any

import pytest

from smtemplates.aws.endpoints import check_endpoint
from smtemplates.deploy import tables as show
from smtemplates.deploy.stack import Output
from smtemplates.deploy.template import Template
from smtemplates.errors import UsageError


@pytest.mark.parametrize(
    ("resources", "capabilities"),
    [
        ({"B": {"Type": "AWS::S3::Bucket"}}, ()),
        ({"R": {"Type": "AWS::IAM::Role", "Properties": {"Path": "/"}}}, ("CAPABILITY_IAM",)),
        ({"R": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "x"}}}, ("CAPABILITY_NAMED_IAM",)),
        ({"R": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "x"}}}, ("CAPABILITY_IAM",)),
        ({"B": {"Type": "AWS::S3::Bucket", "Properties": {"Fn::Transform": {}}}}, ("CAPABILITY_AUTO_EXPAND",)),
    ],
)
def test_capabilities(resources: dict[str, Any], capabilities: tuple[str, ...]) -> None:
    """Only the capabilities that the template needs are acknowledged."""
    assert Template(body="", content={"Resources": resources}).capabilities == capabilities


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com", "ftp://127.0.0.1", "127.0.0.1:4566", "https://", "http://127.0.0.1.evil.com", ""),
        *("https://[::1", "http://127.0.0.1:99999", "http://127.0.0.1:x", "https://example.com:-1"),
    ],
)
def test_unsafe_endpoints(url: str) -> None:
    """An endpoint that would carry credentials in clear is refused, as is one that is none."""
    with pytest.raises(UsageError, match="--endpoint-url"):
        check_endpoint(url)


@pytest.mark.parametrize(
    "url", [None, "https://example.com", "http://127.0.0.1:4566", "http://localhost:1", "http://[::1]:1"]
)
def test_safe_endpoints(url: str | None) -> None:
    """Https anywhere, and http on this machine."""
    check_endpoint(url)


def test_shell_values_are_inert() -> None:
    """Outputs with quotes, spaces and line ends stay values when a shell evaluates them."""
    found = {"A": Output(value="x'; touch y; echo '")}
    assert show.outputs_env(found) == "export A='x'\"'\"'; touch y; echo '\"'\"''"

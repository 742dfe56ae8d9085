from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from deploying.acting import Acting, Actors
from deploying.local_aws import Aws
from deploying.matrix import Tally
from deploying.proxy import Proxy, proxied, serving
from smtemplates.local_cloud.lifecycle import running


@pytest.fixture(scope="session")
def aws() -> Iterator[Aws]:
    with running() as url:
        yield Aws(url)


@pytest.fixture(scope="module")
def proxy(aws: Aws) -> Iterator[Proxy]:
    with proxied(aws.url) as proxy:
        yield proxy


@pytest.fixture
def through(aws: Aws, proxy: Proxy) -> Aws:
    """Return the local cloud with the URL of the proxy."""
    proxy.spoil(None)
    return replace(aws, url=proxy.url)


@pytest.fixture(scope="module")
def actors(aws: Aws, session: Any, tally: Tally) -> Iterator[Actors]:
    with serving(Acting(aws.url)) as acting:
        yield Actors(aws, acting, session, tally)


@pytest.fixture
def name() -> str:
    return f"Test-{uuid.uuid4().hex[:10]}"


@pytest.fixture
def gate(aws: Aws, name: str) -> Callable[[], None]:
    """Create the bucket for which the function of the sample waits, and return a function that lets it continue."""
    s3 = aws.client("s3")
    bucket = f"gate-{name.lower()}"
    s3.create_bucket(Bucket=bucket)

    def open_gate() -> None:
        s3.put_object(Bucket=bucket, Key="open")

    return open_gate

"""Run the function of the custom resources in this process, with a server that receives its answers."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

SDK: Any = import_module("boto3")  # the package has no types
SOURCE = Path(__file__).parent.parent.parent / "smtemplates/templates/workspace/assets" / "initializer.py"
# in the account of moto
STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/Team-A/0a1b2c3d-0000-1111-2222-333344445555"
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


def groups(*names: str, days: int = 30, existing: str = "false", own: Sequence[str] = ()) -> dict[str, Any]:
    """Return the properties of LogGroups. CloudFormation sends all values as text."""
    return {**released_groups(*names, days=days), "ChangeExisting": existing, "Own": list(own)}


def released_groups(*names: str, days: int = 30) -> dict[str, Any]:
    """Return the properties of LogGroups in version 0.1.0."""
    return {"ServiceToken": "arn:aws:lambda:...", "Names": list(names), "RetentionInDays": str(days)}


Send = Callable[..., dict[str, Any]]

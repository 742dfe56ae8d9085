"""AWS host names, served by a proxy on loopback that terminates TLS and forwards requests to the local cloud.

Like AWS, the local cloud's S3 redirects a request for a bucket in a different Region.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from certificates import self_signed
from deploying.proxy import Proxy

BUCKET_HOST = re.compile(r"([a-z0-9-]+)\.s3(\.[a-z0-9-]+)?\.amazonaws\.com")


class Hosts(Proxy):
    """Answers for some of the AWS hosts."""

    def __init__(self, upstream: str, folder: Path, hosts: list[str]) -> None:
        super().__init__(upstream)
        self.bodies: list[str] = []
        self.bundle, key = self_signed(folder, *hosts)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.bundle, key)

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of a program that calls AWS through the proxy."""
        return {"AWS_ENDPOINT_URL": "", "HTTPS_PROXY": self.url, "AWS_CA_BUNDLE": str(self.bundle)}

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        self.bodies.append(body.decode(errors="replace"))
        if bucket := BUCKET_HOST.fullmatch(headers["Host"]):
            path, headers = f"/{bucket[1]}{path}", {**headers, "Host": self.upstream}
        return super().forward(method, path, headers, body)

"""AWS's own host names, by a proxy on loopback that ends TLS for them and asks the local cloud.

The local cloud's S3 redirects what is asked in another Region than the bucket's, as AWS's does.
"""

from __future__ import annotations

import re
import ssl
from pathlib import Path

from certificates import self_signed
from deploying.proxy import Proxy

BUCKET_HOST = re.compile(r"([a-z0-9-]+)\.s3(\.[a-z0-9-]+)?\.amazonaws\.com")


class Hosts(Proxy):
    """Answers as some of AWS's hosts."""

    def __init__(self, upstream: str, folder: Path, hosts: list[str]) -> None:
        super().__init__(upstream)
        self.bodies: list[str] = []
        self.bundle, key = self_signed(folder, *hosts)
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.bundle, key)

    @property
    def environment(self) -> dict[str, str]:
        """How to go through it to AWS."""
        return {"AWS_ENDPOINT_URL": "", "HTTPS_PROXY": self.url, "AWS_CA_BUNDLE": str(self.bundle)}

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        self.bodies.append(body.decode(errors="replace"))
        if bucket := BUCKET_HOST.fullmatch(headers["Host"]):
            path, headers = f"/{bucket[1]}{path}", {**headers, "Host": self.upstream}
        return super().forward(method, path, headers, body)

"""The audit of the lock files, with a vulnerability database on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from audit import LOCKS

ROOT = Path(__file__).parent.parent
FLAW = {
    "id": "PYSEC-2099-1",
    "summary": "A made-up flaw",
    "affected": [
        {
            "package": {"name": "awacs", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.0"}]}],
        }
    ],
}


@contextmanager
def database(flawed: str) -> Iterator[tuple[str, set[str]]]:
    """Serve the API of OSV with a flaw in one package; yield its address and the packages that were requested."""
    requested = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = query["package"]["name"]
            requested.add(f"{name}=={query['version']}")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"vulns": [FLAW]} if name == flawed else {}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", requested
        finally:
            server.shutdown()
            thread.join()


def audit(*arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(ROOT / "scripts" / "audit.py"), *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_only_a_known_vulnerability_fails() -> None:
    """The audit fails with the package, the flaw and the fixed version, and checks the packages of all lock files."""
    with database("awacs") as (url, requested):
        flawed = audit("--osv-url", url)
    assert flawed.returncode == 1
    assert "PYSEC-2099-1, fixed in 99.0. A made-up flaw" in flawed.stdout
    assert {name.split("==")[0] for name in requested} >= {"awacs", "pytest", "ministack", "checkov", "pip-audit"}
    clean = [lock for lock in LOCKS if "\nawacs==" not in lock.read_text("utf-8")]
    assert flawed.stderr.count(" audited, 0 known vulnerabilities") == len(clean) > 0


@pytest.mark.slow
def test_unreachable_database_is_reported() -> None:
    """If the database cannot be reached, the audit warns that nothing was checked, and does not fail."""
    done = audit("--osv-url", "http://127.0.0.1:9/")
    assert done.returncode == 0
    assert "Nothing was audited" in done.stderr
    assert "0 known" not in done.stderr

"""The audit of the locks, asked of a source of vulnerabilities on this machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

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
def source(flawed: str) -> Iterator[tuple[str, set[str]]]:
    """Serve what OSV would say, with a flaw of one package; give its address and which packages were asked for."""
    asked = set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            name = query["package"]["name"]
            asked.add(f"{name}=={query['version']}")
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"vulns": [FLAW]} if name == flawed else {}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", asked
        finally:
            server.shutdown()
            thread.join()


def audit(*arguments: str) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(ROOT / "scripts" / "audit.py"), *arguments]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_only_a_known_vulnerability_fails() -> None:
    """It names package, flaw and remedy; what each lock pins is asked for."""
    with source("awacs") as (url, asked):
        flawed = audit("--osv-url", url)
    assert flawed.returncode == 1
    assert "PYSEC-2099-1, fixed in 99.0; A made-up flaw" in flawed.stdout
    assert {name.split("==")[0] for name in asked} >= {"awacs", "pytest", "ministack", "checkov", "pip-audit"}
    clean = [lock for lock in (ROOT / "requirements").glob("*.txt") if "\nawacs==" not in lock.read_text("utf-8")]
    assert flawed.stderr.count(" audited, 0 known vulnerabilities") == len(clean) > 0


def test_data_out_of_reach_is_said() -> None:
    """Then nothing is known, which is no failure, and is not called a success either."""
    done = audit("--osv-url", "http://127.0.0.1:9/")
    assert done.returncode == 0
    assert "Nothing was audited" in done.stderr
    assert "0 known" not in done.stderr

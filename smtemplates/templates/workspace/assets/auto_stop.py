"""Stop this notebook instance when it is idle.

Use is a busy kernel, input or output of kernels and terminals, or saving an open notebook.
"""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPSHandler, build_opener

NOW = datetime.now(timezone.utc)


def main(minutes: str, server: str, metadata: str, memory: str) -> None:
    """Decide whether to stop, and print why."""
    seen: list[datetime] = []
    try:
        seen.extend(uses(server))  # keeps those before an error
    except HTTPError as error:
        sys.exit(f"Not stopping: the notebook server returned an error: {error}")
    except OSError as error:
        if not seen and not Path(memory).exists():
            sys.exit(f"Not stopping: no answer since the start: {error}")
    last = last_use(Path(memory), seen)
    if NOW - last < timedelta(minutes=float(minutes)):
        print(f"Not stopping: last used {last:%F %R} UTC")
        return
    print(f"Stopping: not used since {last:%F %R} UTC")
    instance = json.loads(Path(metadata).read_text())
    region, name = instance["ResourceArn"].split(":")[3], instance["ResourceName"]
    command = f"/usr/bin/env aws sagemaker stop-notebook-instance --region {region} --notebook-instance-name {name}"
    sys.exit(subprocess.call(command.split()))


def uses(server: str) -> Iterator[datetime]:
    """Yield times of use."""
    for kernel in ask(server, "kernels"):
        yield NOW if kernel["execution_state"] == "busy" else utc(kernel["last_activity"])
    with suppress(HTTPError):  # terminals can be disabled
        yield from [utc(terminal["last_activity"]) for terminal in ask(server, "terminals")]
    for session in ask(server, "sessions"):
        with suppress(HTTPError):  # a console has no file
            yield utc(ask(server, "contents/" + quote(session["path"]))["last_modified"])


def ask(server: str, path: str) -> Any:
    """Ask the notebook server, which has a self-signed certificate."""
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    url = f"{server}/api/{path}?content=0&no_track_activity=1"
    with build_opener(HTTPSHandler(context=tls)).open(url, timeout=20) as answer:
        return json.load(answer)


def utc(text: str) -> datetime:
    """Parse a time. Python 3.9 does not accept the suffix Z."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def last_use(memory: Path, seen: list[datetime]) -> datetime:
    """Return the latest use, also if the server was stopped or no longer lists its kernel."""
    with suppress(OSError, ValueError):
        seen.append(utc(memory.read_text()))
    last = min(NOW, max(seen, default=NOW))
    memory.write_text(last.isoformat())
    return last


if __name__ == "__main__":
    main(*sys.argv[1:])

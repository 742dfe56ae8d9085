"""The server's environment, .venv-local-cloud: the server pins its own version of the AWS SDK."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
VENV = CHECKOUT / ".venv-local-cloud"
LOCK = CHECKOUT / "requirements" / "local-cloud.txt"

# AWS provides this module to functions whose code is inline in the template.
CFNRESPONSE = '''\
"""Send the response to the request of a custom resource."""

import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = {
        "Status": responseStatus,
        "Reason": reason or f"See the details in CloudWatch Log Stream: {context.log_stream_name}",
        "PhysicalResourceId": physicalResourceId or context.log_stream_name,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(event["ResponseURL"], json.dumps(body).encode(), method="PUT")
    urllib.request.urlopen(request).close()
'''


def prepare() -> Path:
    """Create the server's environment unless it is up to date, and return the path of its Python."""
    return install(VENV, LOCK, {"cfnresponse.py": CFNRESPONSE})


def install(folder: Path, lock: Path, modules: Mapping[str, str] | None = None) -> Path:
    """Create a virtual environment from a lock file unless it is up to date, and return the path of its Python.

    `modules` maps the names of additional module files to their code.
    """
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock_file:
        # parallel test processes may install the same environment
        fcntl.flock(lock_file, fcntl.LOCK_EX)
        python, stamp = folder / "bin" / "python", folder / "installed.txt"
        if not (stamp.is_file() and stamp.read_bytes() == lock.read_bytes()):
            sys.stderr.write(f"installing {lock.stem} into {folder.name} ...\n")
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
            subprocess.run([*pip, "-r", str(lock)], check=True)
            packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
            for name, code in (modules or {}).items():
                (packages / name).write_text(code, encoding="utf-8")
            stamp.write_bytes(lock.read_bytes())
    return python

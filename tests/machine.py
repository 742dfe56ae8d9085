"""Machines under one folder on which start scripts really run: a notebook instance and a Studio app."""

from __future__ import annotations

import functools
import json
import os
import ssl
import subprocess
import sys
import sysconfig
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

from certificates import self_signed

ASSETS = Path(__file__).parent.parent / "smtemplates/templates/workspace/assets"
OFFLINE = {"PIP_NO_INDEX": "", "PIP_INDEX_URL": "https://127.0.0.1:9/simple", "PIP_RETRIES": "0"}
NASTY = [
    "'; touch PWN; echo '",
    "$(touch PWN)",
    "`touch PWN`",
    '"; touch PWN; "',
    "demo\ntouch PWN\n",
    "demo; touch PWN",
    "END\ntouch PWN\nEND",
    "${!PWN} ${PWN} \\",
    "--upload-pack=touch${IFS}PWN",
    "ext::sh -c touch% PWN",
]


@dataclass(frozen=True)
class Machine:
    """The files of a notebook instance under one folder. Commands that need root or systemd log their arguments."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home/ec2-user"

    @property
    def ours(self) -> Path:
        return self.home / "SageMaker/.smtemplates"

    def stub(self, name: str, code: str) -> None:
        path = self.root / "bin" / name
        path.write_text(f"#!/bin/bash\n{code}\n", encoding="utf-8")
        path.chmod(0o755)

    def calls(self, name: str) -> list[str]:
        path = self.root / f"{name}.log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def start(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script, and wait for its background jobs."""
        done, jobs = self.begin(script, **environment)
        jobs.read()
        jobs.close()
        return done

    def begin(self, script: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], BinaryIO]:
        """Run the script and return a pipe that ends with its background jobs, because they have its other end open."""
        for folder in ("/home/ec2-user", "/etc/", "/opt/"):
            script = script.replace(folder, str(self.root) + folder)
        reading, writing = os.pipe()
        done = subprocess.run(
            ["/bin/bash", "-c", script],
            cwd=self.root / "work",
            env={**self.environment(), **environment},
            pass_fds=[writing],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        os.close(writing)
        return done, os.fdopen(reading, "rb")

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.root}/bin:{os.environ['PATH']}",
            "PYTHONPATH": sysconfig.get_path("purelib"),  # like conda's environment, it has ipykernel
            "PIP_NO_INDEX": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_FIND_LINKS": str(self.root / "mirror"),
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def kernel(self) -> str:
        """Return the path of the Python of the registered kernel."""
        specification = self.home / ".local/share/jupyter/kernels/workspace/kernel.json"
        return str(json.loads(specification.read_text(encoding="utf-8"))["argv"][0])

    def imports(self, module: str) -> bool:
        environment = {"HOME": str(self.home)}
        return subprocess.run([self.kernel(), "-c", f"import {module}"], env=environment, check=False).returncode == 0


@dataclass(frozen=True)
class App(Machine):
    """A Studio app. Its user owns all files and can use sudo."""

    @property
    def home(self) -> Path:
        return self.root / "home/sagemaker-user"

    @property
    def ours(self) -> Path:
        return self.home / ".smtemplates"

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "HOME": str(self.home)}


def new_machine(root: Path) -> Machine:
    made = Machine(root)
    _prepare(made, "etc/systemd/system", "home/ec2-user/SageMaker", conda="home/ec2-user/anaconda3/envs/python3/bin")
    made.stub("runuser", f'echo "$1 $2 $3" >>{root}/runuser.log; shift 3; exec "$@"')
    made.stub("systemctl", f'echo "$*" >>{root}/systemctl.log')
    return made


def new_app(root: Path) -> App:
    made = App(root)
    _prepare(made, "etc", "home/sagemaker-user", conda="opt/conda/bin")
    made.stub("sudo", f'echo "$1 $2" >>{root}/sudo.log; shift; exec "$@"')
    made.stub("aws", f'echo "$*" >>{root}/aws.log; cat {root}/settings')
    return made


def _prepare(made: Machine, *folders: str, conda: str) -> None:
    for folder in ("bin", "work", "mirror", conda, *folders):
        (made.root / folder).mkdir(parents=True)
    made.stub("python", f'exec {sys.executable} "$@"')
    (made.root / "bin/python").rename(made.root / conda / "python")
    for name in ("demo", "other"):
        wheel(made.root / "mirror", name)


def wheel(folder: Path, name: str) -> None:
    """Add a package to the package index."""
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")


@contextmanager
def served_repository(folder: Path) -> Iterator[str]:
    """Serve a git repository over HTTPS."""
    served = folder / "served"
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (
        ["init", "-q", "work"],
        ["-C", "work", *identity, "commit", "-q", "--allow-empty", "-m", "first"],
        ["clone", "-q", "--bare", "work", "team.git"],
        ["-C", "team.git", "update-server-info"],
    ):
        served.mkdir(exist_ok=True)
        subprocess.run(["git", *command], cwd=served, check=True)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(served))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*self_signed(folder))
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"https://localhost:{server.server_port}/team.git"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""A package of a few bytes with a lock file, and processes that install it, so that no test needs the network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Event, Thread

from smtemplates.local_cloud.environment import Environment

ROOT = Path(__file__).resolve().parents[2]
WHEEL = "tiny-1.0-py3-none-any.whl"
# Install the environment in a separate process, and print whether its package can be imported.
PROGRAM = """
import subprocess, sys
from pathlib import Path
sys.path.append(sys.argv[3])
from smtemplates.errors import Error
from smtemplates.local_cloud.environment import Environment
environment = Environment("tiny", Path(sys.argv[1]), Path(sys.argv[2]), {"extra.py": "value = 7"})
try:
    with environment.installed():
        code = "import extra, tiny; print(tiny.__file__, extra.value)"
        sys.exit(subprocess.run([environment.python, "-I", "-c", code]).returncode)
except Error as error:
    print(error, file=sys.stderr)
    sys.exit(error.exit_code)
"""


@dataclass
class Tiny:
    """The lock file of the package, and a folder for its environment."""

    folder: Path
    lock: Path
    path: str = os.defpath
    python: str = sys.executable

    @property
    def environment(self) -> Environment:
        return Environment("tiny", self.folder, self.lock)

    def use_uv(self) -> None:
        """Add a folder to the PATH that contains only uv."""
        programs = self.lock.parent / "programs"
        programs.mkdir()
        (programs / "uv").symlink_to(Path(sys.executable).with_name("uv"))
        self.path = f"{programs}{os.pathsep}{os.defpath}"

    def start(self, **variables: str) -> subprocess.Popen[str]:
        """Start a process that installs the environment."""
        home = str(self.lock.parent)
        command = [self.python, "-c", PROGRAM, str(self.folder), str(self.lock), str(ROOT)]
        return subprocess.Popen(
            command,
            cwd=home,
            env={"PATH": self.path, "HOME": home, "PIP_CONFIG_FILE": os.devnull, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def install(self, **variables: str) -> tuple[int, str, str]:
        """Install the environment, and return the exit code, the output and the messages."""
        process = self.start(**variables)
        output, messages = process.communicate(timeout=120)
        return process.returncode, output, messages


def bare(base: Path) -> Path:
    """Create a Python without ensurepip and pip in a folder, as that of Debian without python3-venv and python3-pip."""
    library = Path(sysconfig.get_path("stdlib"))
    own = base / "lib" / library.name
    own.mkdir(parents=True)
    (own / "site-packages").mkdir()
    for item in library.iterdir():
        if item.name not in ("ensurepip", "site-packages"):
            (own / item.name).symlink_to(item)
    (base / "bin").mkdir()
    python = base / "bin" / "python3"
    shutil.copy2(Path(sys._base_executable).resolve(), python)  # type: ignore[attr-defined]  # noqa: SLF001
    for shared in library.parent.glob("libpython*.so*"):
        (base / "lib" / shared.name).symlink_to(shared)
    return python


def wheel() -> bytes:
    """Return a wheel with an empty module."""
    info = "tiny-1.0.dist-info"
    files = {
        "tiny.py": "",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"]))
    return content.getvalue()


@dataclass
class Downloads:
    """A server of the wheel, which answers only after its gate is open."""

    url: str
    requested: Event
    gate: Event


@contextmanager
def downloads(content: bytes) -> Iterator[Downloads]:
    """Serve the wheel for the duration of the block."""
    requested, gate = Event(), Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.set()
            gate.wait()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(OSError):  # the client was interrupted
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Downloads(f"http://127.0.0.1:{server.server_port}/{WHEEL}", requested, gate)
        finally:
            gate.set()
            server.shutdown()
            thread.join()


def write_lock(file: Path, url: str, content: bytes) -> Path:
    """Write a lock file with the hash of the wheel."""
    file.write_text(f"tiny @ {url} \\\n    --hash=sha256:{hashlib.sha256(content).hexdigest()}\n", encoding="utf-8")
    return file

"""A process that has loaded the AWS SDK and the package, and forks a process for each command of the tests.

The tests start it with the descriptors of two sockets as its arguments. Each request is a line of JSON together with
descriptors. Those of the tests come through the first socket, with four descriptors: the standard streams of the
command, and a pipe for the ID of its process and then its status. Programs connect to the second socket: their requests
have the three streams, and the answers are sent back on the connection.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

# The packages that the commands of the deployer and the publisher load.
PACKAGES = ("aws", "cli", "config", "console", "core", "deploy", "evaluate", "publish")
# The packages that also load cfn-lint, which takes longer. They are loaded before the first of their commands.
LINTING = ("linting", "pages", "policy", "reference", "specializing", "synth", "templates")
LINTED = frozenset({"explore", "lint", "reference", "render"})
TESTED = "pytest"  # the word of a command that tests a project
SERVICES = ("cloudformation", "s3", "servicecatalog", "sts")
STREAMS = 3


def load() -> None:
    """Load the modules that commands need: those of the package, and those that the SDK loads for its first client."""
    load_packages(PACKAGES)
    share_models()
    session: Any = import_module("boto3").Session("none", "none", region_name="us-east-1")
    for service in SERVICES:
        session.client(service)
    freeze()


@cache
def load_linter() -> None:
    """Load the modules that commands need which render or check templates."""
    load_packages(LINTING)
    freeze()


@cache
def load_tester() -> None:
    """Load the modules that commands need which test a project."""
    plugins: tuple[str, ...] = import_module("_pytest.config").default_plugins
    for name in ("pytest", *(f"_pytest.{plugin}" for plugin in plugins)):
        import_module(name)
    freeze()


def load_packages(names: tuple[str, ...]) -> None:
    """Load the modules of packages."""
    for name in names:
        found = import_module(f"smtemplates.{name}")
        for module in walk_packages(found.__path__, f"{found.__name__}."):
            if ".assets" not in module.name:
                import_module(module.name)


def freeze() -> None:
    """Prevent the search for garbage among the objects that exist now, which all commands share."""
    gc.collect()
    gc.freeze()


def share_models() -> None:
    """Load each model of the SDK once for all commands, as the SDK does for all clients of a session."""
    loader: Any = import_module("botocore.loaders").JSONFileLoader
    load_file = cache(loader().load_file)
    loader.load_file = lambda _self, path: load_file(path)


def receive(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Return the next request with its descriptors, or None if the other side has closed the connection."""
    received, descriptors, _, _ = socket.recv_fds(connection, 65536, STREAMS + 1)
    while received and not received.endswith(b"\n"):
        received += connection.recv(65536)
    return (json.loads(received), descriptors) if received else None


def requests(tests: socket.socket, programs: socket.socket) -> Iterator[tuple[dict[str, Any], list[int]]]:
    """Yield each request with its descriptors. End this process if the tests have ended."""
    while True:
        for ready in select.select([tests, programs], [], [])[0]:
            client = ready if ready is tests else ready.accept()[0]
            request = receive(client)
            if request:
                yield request[0], request[1] + ([] if client is tests else [client.detach()])
            elif client is tests:
                os._exit(0)


def next_command(tests: socket.socket, programs: socket.socket) -> dict[str, Any]:
    """Return the request of a command in the new process that is to run it."""
    for request, descriptors in requests(tests, programs):
        if not LINTED.isdisjoint(request["words"]):
            load_linter()
        if TESTED in request["words"]:
            load_tester()
        if not os.fork():
            break
        for descriptor in descriptors:
            os.close(descriptor)
    *streams, answers = descriptors
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if process := os.fork():
        os.write(answers, f"{process}\n".encode())
        _, status = os.waitpid(process, 0)
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())
        os._exit(0)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    open_streams()
    return request


def open_streams() -> None:
    """Open the standard streams again, as Python does at its start: those of the server are not for a terminal."""
    for number, (name, mode, buffering) in enumerate((("stdin", "r", -1), ("stdout", "w", -1), ("stderr", "w", 1))):
        old = getattr(sys, name)
        new = open(number, mode, buffering, old.encoding, old.errors, closefd=False)  # noqa: SIM115
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)


def prepare(request: dict[str, Any]) -> None:
    """Set the working directory, the variables and the path of this process to those of a new process of Python."""
    if request["new_session"]:
        os.setsid()
    os.chdir(request["folder"])
    locale = {name: value for name, value in os.environ.items() if name == "LC_CTYPE"}  # Python sets it at its start
    os.environ.clear()
    os.environ.update({**locale, **request["environment"]})
    sys.dont_write_bytecode = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    sys.argv = request["words"]
    module = sys.argv[0] == "-m"
    own = os.getcwd() if module else os.path.dirname(sys.argv[0])  # noqa: PTH109, PTH120 as Python does
    sys.path[:1] = [own, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]


def main() -> None:
    """Run the command of the next request in this process, which is a copy of the server."""
    tests, programs = (socket.socket(fileno=int(number)) for number in sys.argv[1:])
    with tests, programs:
        load()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended processes leave no trace
        request = next_command(tests, programs)
    prepare(request)
    code: object = None
    try:
        if sys.argv[0] == "-m":
            del sys.argv[0]
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as ended:
        code = ended.code
    end(code)


def end(code: object) -> None:
    """End the process as Python does, but without the deletion of its objects, whose memory it shares until then."""
    if code is not None and not isinstance(code, int):
        sys.exit(code)  # type: ignore[arg-type]  # a message
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001  there is no other function that waits for threads
    atexit._run_exitfuncs()  # noqa: SLF001  nor one for these
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(code)
    os._exit((code or 0) & 255)


if __name__ == "__main__":
    main()

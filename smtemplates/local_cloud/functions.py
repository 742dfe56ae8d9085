"""Start the functions of stacks as copies of a process that has loaded the AWS SDK, in a fifth of the time."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

# The module that the first process imports, and its code. The SDK loads the model of a service once for all copies.
PRELOADED = "preloaded_functions"
PRELOADED_CODE = '''\
"""Load the AWS SDK for the functions, and the models that its clients of S3 read."""

import functools

import boto3
import botocore.handlers
import cfnresponse
from botocore.loaders import JSONFileLoader

load = functools.cache(JSONFileLoader().load_file)
JSONFileLoader.load_file = lambda self, path: load(path)
boto3.Session("none", "none", region_name="us-east-1").client("s3")
'''
# The most bytes of the folder of temporary files. The path of a socket in it is 32 bytes longer. It is an address,
# which has at most 103 bytes on macOS and 107 on Linux.
# Source: https://man7.org/linux/man-pages/man7/unix.7.html
MOST_BYTES = 103 - 32
# The code of a copy: set the streams, variables and folder of a new process, and run the program.
START = """\
import os, runpy, sys
for number, stream in enumerate(streams):
    os.dup2(stream.fileno(), number)
    stream.close()
sys.stdin, sys.stdout, sys.stderr = (open(number, mode, 1) for number, mode in enumerate("rww"))
os.environ.clear()
os.environ.update(variables)
os.chdir(folder)
sys.path.insert(0, os.path.dirname(program))
runpy.run_path(program, run_name="__main__")
"""


class Function:
    """The process of a function, with the attributes of `subprocess.Popen` that MiniStack uses."""

    def __init__(self, program: str, folder: str, variables: Mapping[str, str]) -> None:
        """Start a program with pipes as its streams."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([PRELOADED])
        (other_in, own_in), (own_out, other_out), (own_err, other_err) = (context.Pipe(duplex=False) for _ in range(3))
        given = [other_in, other_out, other_err]
        names = {"streams": given, "variables": dict(variables), "folder": folder, "program": program}
        self._process = context.Process(target=exec, args=(START, names))
        self._process.start()
        for stream in given:
            stream.close()
        self.stdin, self.stdout, self.stderr = (
            os.fdopen(os.dup(stream.fileno()), mode, 1)
            for stream, mode in ((own_in, "w"), (own_out, "r"), (own_err, "r"))
        )
        for stream in (own_in, own_out, own_err):
            stream.close()
        self.terminate, self.kill = self._process.terminate, self._process.kill

    def poll(self) -> int | None:
        """Return the exit code, or None if the process is running."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process has ended, and return its exit code.

        Raises:
            subprocess.TimeoutExpired: It is still running.
        """
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(str(self._process.name), timeout or 0)
        return code


class _Subprocess:
    """The module `subprocess` as MiniStack's functions see it."""

    def __getattr__(self, name: str) -> Any:
        return getattr(subprocess, name)

    def Popen(self, words: Sequence[str], *, cwd: str, env: Mapping[str, str], **options: Any) -> Any:  # noqa: N802
        """Start a program. A copy starts Python, unless the function has its own version of the SDK."""
        own = any(Path(cwd).glob("boto*")) or "_LAMBDA_LAYERS_DIRS" in env
        if words[0] == sys.executable and len(words) == 2 and not own:  # noqa: PLR2004  Python and a file
            return Function(words[1], cwd, env)
        return subprocess.Popen(words, cwd=cwd, env=env, **options)


def patch() -> None:
    """Start functions in Python as copies, unless the path of the folder of temporary files is too long for it."""
    if len(os.fsencode(tempfile.gettempdir())) > MOST_BYTES:
        return
    runtime: Any = import_module("ministack.core.lambda_runtime")
    runtime.subprocess = _Subprocess()

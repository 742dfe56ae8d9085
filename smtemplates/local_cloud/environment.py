"""The environment of the local cloud's server, in the user's cache directory.

The server requires a different version of the AWS SDK. The name of the environment's folder contains a digest of its
content, so that two releases of smtemplates use two folders.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smtemplates.console.files import reason_of
from smtemplates.console.streams import write_message
from smtemplates.core.user_cache import own_directory
from smtemplates.errors import Error, UsageError
from smtemplates.local_cloud.functions import PRELOADED, PRELOADED_CODE
from smtemplates.local_cloud.installers import InstallationError, Installer, installers
from smtemplates.local_cloud.locks import held

LOCK = Path(__file__).parent / "assets" / "requirements.txt"
STAMP = "installed.txt"  # its presence means that the installation is complete

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


@dataclass(frozen=True)
class Environment:
    """A virtual environment: its folder, the lock file of its packages, and the code of additional modules by name."""

    title: str
    folder: Path
    lock: Path
    modules: Mapping[str, str] = field(default_factory=dict)
    megabytes: int = 0

    @property
    def python(self) -> Path:
        """The path of the environment's Python."""
        return self.folder / "bin" / "python"

    @property
    def guard(self) -> Path:
        """The file that a process locks while it installs or uses the environment."""
        return self.folder.with_name(f"{self.folder.name}.lock")

    def is_installed(self) -> bool:
        """Return whether the installation is complete and current, and its Python exists."""
        try:
            current = (self.folder / STAMP).read_bytes() == self.lock.read_bytes()
        except OSError:
            return False
        return current and os.access(self.python, os.X_OK)

    @contextlib.contextmanager
    def installed(self) -> Iterator[int]:
        """Install the environment unless it is installed, and prevent its deletion for the duration of the block.

        Yield the descriptor of the lock. A child process that inherits it also prevents the deletion.

        Raises:
            UsageError: No program can install it, or its folder cannot be written.
            Error: The installation failed.
        """
        waiting = f"waiting for another process that installs {self.title} into {self.folder} ..."
        while True:
            with held(self.guard, shared=True, waiting=waiting) as file:
                if self.is_installed():
                    yield file
                    return
            with held(self.guard, waiting=waiting) as file:
                if not self.is_installed():
                    self._install(file)

    def _install(self, file: int) -> None:
        size = f" (about {self.megabytes} MB, once)" if self.megabytes else ""
        write_message(f"installing {self.title} into {self.folder}{size} ...\n")
        reasons = []
        for installer in installers(self.title):
            reason = self._install_with(installer, file)
            if reason is None:
                return
            reasons.append(f"{installer.name}: {reason}")
            write_message(f"{installer.name} could not install it.\n")
        raise Error(
            f"{self.title} could not be installed into {self.folder} ({'; '.join(reasons)}). Check the network and the "
            "package index of the user, and repeat this command."
        )

    def _install_with(self, installer: Installer, file: int) -> str | None:
        """Install the environment with an installer, and return the reason if it failed."""
        try:
            if self.folder.exists():
                shutil.rmtree(self.folder)  # an earlier installation failed or was interrupted
            self.folder.mkdir()
            installer.install(self.folder, self.lock, file)
            self._complete()
        except InstallationError as failure:
            shutil.rmtree(self.folder, ignore_errors=True)
            return str(failure)
        except OSError as error:
            raise UsageError(f"Cannot write {error.filename or self.folder}: {reason_of(error)}.") from error
        return None

    def _complete(self) -> None:
        """Write the additional modules, and then the file that marks a complete installation."""
        # the scheme of the platform can differ: that of Debian's own Python is /usr/local
        packages = Path(sysconfig.get_path("purelib", "posix_prefix", {"base": str(self.folder)}))
        for name, code in self.modules.items():
            (packages / name).write_text(code, encoding="utf-8")
        (self.folder / STAMP).write_bytes(self.lock.read_bytes())


def home() -> Path:
    """Return the folder with all files of the local cloud.

    Raises:
        UsageError: The user has no home directory.
    """
    base = own_directory()
    if base is None:
        raise UsageError(
            "The local cloud needs a folder for its files, but this user has no home directory. Set XDG_CACHE_HOME to "
            "an absolute path."
        )
    return base / "local-cloud"


def local_cloud() -> Environment:
    """Return the environment of this release's server, for this version of Python and this platform."""
    modules = {"cfnresponse.py": CFNRESPONSE, f"{PRELOADED}.py": PRELOADED_CODE}
    parts = (LOCK.read_text(encoding="utf-8"), *modules.values(), sysconfig.get_platform(), sys.base_prefix)
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    folder = home() / f"{sys.implementation.cache_tag}-{digest}"
    return Environment("the local cloud", folder, LOCK, modules, megabytes=50)

"""The installation of the environment of the local cloud: with uv or pip, in parallel, interrupted, or impossible."""

from __future__ import annotations

import os
import shutil
import signal
import sysconfig
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from clouds.installing import WHEEL, Tiny, bare, downloads, wheel, write_lock
from smtemplates.errors import UsageError
from smtemplates.local_cloud import environment
from smtemplates.local_cloud.locks import held

PROCESSES: Any = import_module("psutil")  # it has no types


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    file = tmp_path / WHEEL
    file.write_bytes(wheel())
    return Tiny(tmp_path / "cache of {Zoë}" / "environment", write_lock(tmp_path / "lock.txt", file.as_uri(), wheel()))


@pytest.fixture(scope="session")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bare(tmp_path_factory.mktemp("bare"))


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_installed_once(tiny: Tiny, installer: str) -> None:
    """Either installer creates the environment with its packages and modules. A second run installs nothing."""
    if installer == "uv":
        tiny.use_uv()
    code, output, messages = tiny.install()
    assert (code, messages) == (0, f"installing tiny into {tiny.folder} ...\n")
    module, _, value = output.strip().rpartition(" ")
    assert (Path(module).is_relative_to(tiny.folder), value) == (True, "7")
    assert ("uv = " in (tiny.folder / "pyvenv.cfg").read_text()) == (installer == "uv")
    assert tiny.install() == (0, output, "")


def test_variables_of_the_user_do_not_redirect_it(tiny: Tiny, tmp_path: Path) -> None:
    """Options for the user's own installations and libraries do not apply to the environment."""
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "venv").mkdir(parents=True)
    (elsewhere / "venv" / "__init__.py").write_text("raise SystemExit(9)")
    redirecting = {name: str(elsewhere) for name in ("PIP_TARGET", "PIP_PREFIX", "PYTHONPATH")}
    assert tiny.install(**redirecting, PIP_USER="1", PIP_REQUIRE_VIRTUALENV="1")[0] == 0
    assert [path.name for path in elsewhere.iterdir()] == ["venv"]


def test_parallel_processes_install_it_once(tiny: Tiny) -> None:
    """Of processes that all found nothing, one installs the environment. The others wait until it is complete."""
    tiny.use_uv()
    with held(tiny.environment.guard, shared=True):
        processes = [tiny.start() for _ in range(3)]
        for process in processes:
            assert process.stderr
            assert process.stderr.readline().startswith("waiting for another process that installs tiny into")
    results = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], results
    assert "".join(messages for _, messages in results).count("installing tiny into") == 1
    assert len({output for output, _ in results}) == 1


def _words(process: Any) -> list[str]:
    try:
        words: list[str] = process.cmdline()
    except PROCESSES.Error:  # it has ended
        return []
    return words


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_installation_is_repaired(tiny: Tiny, number: signal.Signals) -> None:
    """Ctrl-C ends all programs of an installation. If only smtemplates is killed, the next run waits for the others.

    In both cases, the next run then installs everything again.
    """
    with downloads(wheel()) as server:
        write_lock(tiny.lock, server.url, wheel())
        first = tiny.start()
        assert server.requested.wait(120)
        first.send_signal(number)
        first.communicate(timeout=120)
        assert first.returncode == -number
        left = any(str(tiny.folder) in word for process in PROCESSES.process_iter() for word in _words(process))
        assert left == (number == signal.SIGKILL)
        assert not tiny.environment.is_installed()
        (tiny.folder / "leftover").touch()
        second = tiny.start()
        if number == signal.SIGKILL:
            assert second.stderr
            assert second.stderr.readline().startswith("waiting for another process that installs tiny")
        server.gate.set()
        output, messages = second.communicate(timeout=120)
    assert (second.returncode, " 7\n" in output) == (0, True), messages
    assert not (tiny.folder / "leftover").exists()


@pytest.mark.parametrize("damage", ["python", "installed.txt", "lock"])
def test_damaged_environment_is_installed_again(tiny: Tiny, damage: str) -> None:
    """An environment is replaced if its Python was removed, if it is incomplete, or if its lock has changed."""
    tiny.use_uv()
    code, _, messages = tiny.install()
    assert code == 0, messages
    if damage == "python":
        (tiny.folder / "bin" / "python").unlink()
        (tiny.folder / "bin" / "python").symlink_to(tiny.folder / "removed")
    elif damage == "lock":
        tiny.lock.write_text(f"# newer\n{tiny.lock.read_text()}")
    else:
        (tiny.folder / damage).unlink()
    code, _, messages = tiny.install()
    assert (code, messages) == (0, f"installing tiny into {tiny.folder} ...\n")


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_hashes_are_checked(tiny: Tiny, installer: str, bare_python: Path) -> None:
    """A package whose hash differs from the lock is not installed."""
    if installer == "uv":
        tiny.use_uv()
        tiny.python = str(bare_python)
    write_lock(tiny.lock, (tiny.lock.parent / WHEEL).as_uri(), b"a different wheel")
    code, output, messages = tiny.install()
    assert (code, output) == (1, "")
    assert "hash" in messages.lower()
    assert not tiny.folder.exists()


def test_own_pip_without_ensurepip(tiny: Tiny, bare_python: Path, tmp_path: Path) -> None:
    """A Python with pip, but without ensurepip, installs with its own pip."""
    base = tmp_path / "python"
    shutil.copytree(bare_python.parents[1], base, symlinks=True)
    (packages,) = base.glob("lib/python3*/site-packages")
    (packages / "pip").symlink_to(Path(sysconfig.get_path("purelib")) / "pip")
    tiny.python = str(base / "bin" / "python3")
    code, output, messages = tiny.install()
    assert (code, " 7\n" in output) == (0, True), messages
    assert not list(tiny.folder.glob("lib/python3*/site-packages/pip"))


def test_computer_without_installer(tiny: Tiny, bare_python: Path) -> None:
    """Without uv, ensurepip and pip, one sentence says what to install."""
    tiny.python = str(bare_python)
    code, output, messages = tiny.install()
    assert (code, output) == (2, "")
    installing, sentence = messages.splitlines()
    assert installing.startswith("installing tiny")
    assert "Install uv (https://docs.astral.sh/uv/), or on Debian or Ubuntu run this: sudo apt install" in sentence
    assert str(bare_python) in sentence


def test_no_network(tiny: Tiny) -> None:
    """If no package can be downloaded, one sentence contains the reasons of both installers."""
    tiny.use_uv()
    shutil.copy(environment.LOCK, tiny.lock)
    unreachable = dict.fromkeys(("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), "http://127.0.0.1:9/simple")
    code, output, messages = tiny.install(**unreachable, PIP_RETRIES="0", UV_HTTP_RETRIES="0")
    assert (code, output) == (1, "")
    last = messages.splitlines()[-1]
    assert f"tiny could not be installed into {tiny.folder} (uv: " in last
    assert "; pip: ERROR: " in last
    assert last.endswith("Check the network and the package index of the user, and repeat this command.")
    assert not tiny.folder.exists()


def test_folder_that_cannot_be_written(tiny: Tiny) -> None:
    """If the cache directory is a file, one sentence names it."""
    occupied = tiny.folder.parents[1] / "occupied"
    occupied.touch()
    tiny.folder = occupied / "cache" / "environment"
    code, _, messages = tiny.install()
    assert (code, messages.count("\n")) == (2, 1)
    assert str(occupied) in messages


def test_each_lock_has_its_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A release with a different lock uses a different folder, and does not change that of an earlier release."""
    folders = []
    for text in ("one", "two", "one"):
        lock = tmp_path / "requirements.txt"
        lock.write_text(text)
        monkeypatch.setattr(environment, "LOCK", lock)
        folders.append(environment.local_cloud().folder)
    assert folders[0] == folders[2] != folders[1]
    assert folders[0].parent == folders[1].parent == environment.home()


def test_user_without_home_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without a home directory receives the advice to set XDG_CACHE_HOME."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 9)
    with pytest.raises(UsageError, match="Set XDG_CACHE_HOME to an absolute path"):
        environment.local_cloud()

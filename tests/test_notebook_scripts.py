"""Run the start script of the notebook, rendered as CloudFormation renders it, in a temporary home folder."""

from __future__ import annotations

import base64
import os
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from machine import ASSETS, NASTY, OFFLINE, Machine, new_machine, wheel

SETUP = (ASSETS / "setup.sh").read_text(encoding="utf-8")
AUTO_STOP = (ASSETS / "auto_stop.py").read_text(encoding="utf-8")
CONFIG = "SchemaVersion: '1.0'\nSageMaker: {}\n"


def rendered(packages: str = "", repository: str = "", idle: str = "0", config: str = "") -> str:
    """Return the script with its values, as Fn::Sub returns it."""
    values = {
        "PackagesBase64": base64.b64encode(packages.encode()).decode(),
        "RepositoryBase64": base64.b64encode(repository.encode()).decode(),
        "SdkConfigBase64": base64.b64encode(config.encode()).decode(),
        "IdleMinutes": idle,
        "Setup": SETUP,
        "AutoStop": AUTO_STOP,
    }
    script = (ASSETS / "notebook_start.sh").read_text(encoding="utf-8")
    return re.sub(r"\$\{([^}]*)\}", lambda found: values[found[1]], script)


# --- the text


def test_script_is_clean() -> None:
    """The rendered script has no findings of shellcheck, of any severity."""
    tool = Path(sysconfig.get_path("scripts")) / "shellcheck"
    script = rendered("demo", "https://127.0.0.1:9/a.git", "60", CONFIG)
    done = subprocess.run([tool, "--norc", "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_auto_stop_can_be_embedded() -> None:
    """The auto-stop program contains no end marker of the shell text and no placeholder of CloudFormation."""
    assert "END" not in AUTO_STOP.splitlines()
    assert "${" not in AUTO_STOP + SETUP


# --- SDK defaults and auto-stop


def test_sdk_defaults_are_written_on_every_start(machine: Machine) -> None:
    """The SDK defaults are written unchanged and replace the previous ones. Without defaults, no file is written."""
    path = machine.root / "etc/xdg/sagemaker/config.yaml"
    machine.start(rendered())
    assert not path.exists()
    for config in ("old: 'é'\n", CONFIG):
        machine.start(rendered(config=config))
        assert path.read_text(encoding="utf-8") == config
    assert path.stat().st_mode & 0o777 == 0o644


def test_auto_stop_is_installed(machine: Machine) -> None:
    """With idle minutes, a timer runs the unchanged program every five minutes as the user of the notebook."""
    machine.start(rendered(idle="45"))
    assert (machine.root / "opt/smtemplates/auto_stop.py").read_text(encoding="utf-8").strip() == AUTO_STOP.strip()
    units = machine.root / "etc/systemd/system"
    service = (units / "smtemplates-auto-stop.service").read_text(encoding="utf-8")
    assert "User=ec2-user\n" in service
    assert "/auto_stop.py 45 https://localhost:8443 " in service
    assert "OnUnitActiveSec=5min\n" in (units / "smtemplates-auto-stop.timer").read_text(encoding="utf-8")
    assert machine.calls("systemctl") == ["daemon-reload", "enable --now smtemplates-auto-stop.timer"]


@pytest.mark.parametrize("minutes", ["60.0", "45.5", "6e1"])
def test_auto_stop_accepts_decimals(machine: Machine, minutes: str) -> None:
    """CloudFormation accepts decimals for whole numbers, so the program accepts them as minutes."""
    machine.start(rendered(idle=minutes))
    assert machine.calls("systemctl") == ["daemon-reload", "enable --now smtemplates-auto-stop.timer"]
    service = machine.root / "etc/systemd/system/smtemplates-auto-stop.service"
    assert f"/auto_stop.py {minutes} https" in service.read_text(encoding="utf-8")


@pytest.mark.parametrize("none", ["0", "0.0"])
def test_auto_stop_is_disabled(machine: Machine, none: str) -> None:
    """With zero idle minutes, no timer is installed, and an existing timer is stopped."""
    machine.start(rendered(idle=none))
    assert machine.calls("systemctl") == ["disable --now smtemplates-auto-stop.timer"]
    assert not list((machine.root / "etc/systemd/system").iterdir())


# --- packages


@pytest.mark.slow
def test_unchanged_packages_are_not_installed_again(machine: Machine) -> None:
    """Installed packages are available on later starts without a download. Only the kernel is registered again."""
    machine.start(rendered("demo"))
    configuration = machine.ours / "current/pyvenv.cfg"
    made = configuration.stat().st_mtime_ns
    (
        machine.home / ".local/share/jupyter/kernels/workspace/kernel.json"
    ).unlink()  # a start deletes that part of the home
    machine.start(rendered("demo"), **OFFLINE)
    assert machine.imports("demo")
    assert configuration.stat().st_mtime_ns == made
    assert "include-system-site-packages = true" in configuration.read_text(
        encoding="utf-8"
    )  # with the packages of SageMaker


def test_new_python_version_rebuilds_the_environment(machine: Machine) -> None:
    """The environment is rebuilt for a new Python version, because packages work with one version only."""
    machine.start(rendered("demo"))
    machine.stub("python", 'if [ "$1" = -V ]; then echo Python 3.99; else echo "building with $*"; exit 1; fi')
    (machine.root / "bin/python").replace(machine.home / "anaconda3/envs/python3/bin/python")
    machine.start(rendered("demo"))
    assert "building with -m venv" in (machine.ours / "install_packages.log").read_text(encoding="utf-8")


@pytest.mark.slow
def test_changed_packages_replace_the_previous_ones_when_complete(machine: Machine) -> None:
    """If the installation fails, the previous kernel is kept. The next start repeats the installation."""
    machine.start(rendered("demo"))
    assert machine.start(rendered("other missing"), **OFFLINE).returncode == 0
    assert machine.imports("demo")
    assert "No matching distribution found for missing" in (machine.ours / "install_packages.log").read_text("utf-8")
    wheel(machine.root / "mirror", "missing")
    machine.start(rendered("other missing"))
    assert machine.imports("missing")
    assert not machine.imports("demo")
    assert len(list(machine.ours.glob("env-*"))) == 2  # a kernel may still use the previous one


def test_first_start_without_internet(machine: Machine) -> None:
    """The first start succeeds without internet access and without a kernel. pip receives no options from the list."""
    packages = "demo --index-url=http://127.0.0.1:9/evil -rother missing"
    assert machine.start(rendered(packages), **OFFLINE).returncode == 0
    assert not (machine.home / ".local").exists()
    (requirements,) = machine.ours.glob("env-*/requirements.txt")
    assert requirements.read_text(encoding="utf-8") == "demo\nmissing\n"


# --- the repository


def test_repository_is_cloned_once(machine: Machine, https: str) -> None:
    """The repository is cloned into a folder with its name. Later starts do not change the clone."""
    trust = {"GIT_SSL_CAINFO": str(machine.root / "certificate.pem")}
    assert machine.start(rendered(repository=https), **trust).returncode == 0
    clone = machine.home / "SageMaker/team"
    assert (clone / ".git/HEAD").exists()
    (clone / "mine.txt").write_text("work", encoding="utf-8")
    machine.start(rendered(repository=https), **trust)
    assert [path.name for path in clone.iterdir() if path.name != ".git"] == ["mine.txt"]


def test_incomplete_clone_is_repeated(machine: Machine, https: str) -> None:
    """After a failed or interrupted clone, the next start clones the repository."""
    trust = {"GIT_SSL_CAINFO": str(machine.root / "certificate.pem")}
    assert machine.start(rendered(repository=https)).returncode == 0  # the certificate is not trusted
    machine.stub("git", 'mkdir "${@: -1}"; kill -9 $$')
    assert machine.start(rendered(repository=https), **trust).returncode == 0
    assert [path.name for path in (machine.home / "SageMaker").iterdir()] == [".smtemplates"]
    (machine.root / "bin/git").unlink()
    machine.start(rendered(repository=https), **trust)
    assert (machine.home / "SageMaker/team/.git/HEAD").exists()


def test_only_https_is_cloned(machine: Machine) -> None:
    """The script does not clone repositories over other protocols."""
    subprocess.run(["git", "init", "-q", str(machine.root / "local")], check=True)
    for address in (f"{machine.root}/local", f"file://{machine.root}/local", "http://127.0.0.1:9/local"):
        machine.start(rendered(repository=address))
        assert "not allowed" in (machine.ours / "clone_repository.log").read_text(encoding="utf-8")
    assert not (machine.home / "SageMaker/local").exists()


# --- hostile values


@pytest.mark.parametrize("value", ["\n".join(NASTY), *NASTY])
def test_values_are_not_executed(machine: Machine, value: str) -> None:
    """No part of a package list, an address or the SDK defaults is executed."""
    if value in NASTY:  # pip gets one list, and the shell gets each value in its own test
        (machine.home / "anaconda3/envs/python3/bin/python").unlink()
    assert machine.start(rendered(value, value, "0", value)).returncode == 0
    assert not list(machine.root.rglob("PWN"))
    assert (machine.root / "etc/xdg/sagemaker/config.yaml").read_text(encoding="utf-8") == value
    assert (machine.ours / "install_packages.log").exists()
    assert (machine.ours / "clone_repository.log").exists()


@settings(max_examples=30, deadline=None)
@given(value=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1))
def test_values_are_passed_unchanged(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    """Each text is passed to its job unchanged, except for line breaks at its end."""
    machine = new_machine(tmp_path_factory.mktemp("machine"))
    machine.stub("runuser", f'for last; do true; done; printf %s "$last" >"{machine.root}/$$.value"')
    machine.start(rendered(value, value))
    expected = [value.rstrip("\n")] * 2 if value.rstrip("\n") else []
    assert [path.read_bytes().decode() for path in machine.root.glob("*.value")] == expected


# --- failures


def test_root_does_not_access_the_home_of_the_user(machine: Machine) -> None:
    """Commands under the home of the user run as that user, because root would follow links of the user."""
    machine.stub("runuser", f'echo "$1 $2 $3" >>{machine.root}/runuser.log')
    machine.start(rendered("demo", "https://127.0.0.1:9/a.git", "60", CONFIG))
    assert machine.calls("runuser") == ["-u ec2-user --"] * 2
    assert not list((machine.home / "SageMaker").iterdir())


def test_start_does_not_wait_for_downloads(machine: Machine) -> None:
    """The script ends while its background jobs wait for the network."""
    os.mkfifo(machine.root / "network")
    network = os.open(machine.root / "network", os.O_RDWR)
    machine.stub("runuser", f"read -r _ <{machine.root}/network; echo done >>{machine.root}/finished.log")
    done, jobs = machine.begin(rendered("demo", "https://127.0.0.1:9/a.git"))
    assert done.returncode == 0
    assert machine.calls("finished") == []
    os.write(network, b"\n\n")
    jobs.read()
    assert machine.calls("finished") == ["done", "done"]
    jobs.close()
    os.close(network)


@pytest.mark.parametrize("broken", ["runuser", "systemctl", "mkdir", "base64"])
def test_notebook_starts_if_a_command_fails(machine: Machine, broken: str) -> None:
    """The script succeeds even if one of its commands fails."""
    machine.stub(broken, "echo broken >&2; exit 1")
    assert machine.start(rendered("missing", "https://127.0.0.1:9/a.git", "60", CONFIG)).returncode == 0

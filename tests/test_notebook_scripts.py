"""The notebook's start script, rendered as CloudFormation does it and run for real under a home of its own."""

from __future__ import annotations

import base64
import functools
import json
import os
import re
import ssl
import subprocess
import sys
import sysconfig
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import BinaryIO

import pytest
from certificates import self_signed
from hypothesis import given, settings
from hypothesis import strategies as st

ASSETS = Path(__file__).parent.parent / "smtemplates" / "assets"
AUTO_STOP = (ASSETS / "auto_stop.py").read_text(encoding="utf-8")
CONFIG = "SchemaVersion: '1.0'\nSageMaker: {}\n"
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


def rendered(packages: str = "", repository: str = "", idle: str = "0", config: str = "") -> str:
    """Do what Fn::Sub does with the script and its values."""
    values = {
        "PackagesBase64": base64.b64encode(packages.encode()).decode(),
        "RepositoryBase64": base64.b64encode(repository.encode()).decode(),
        "SdkConfigBase64": base64.b64encode(config.encode()).decode(),
        "IdleMinutes": idle,
        "AutoStop": AUTO_STOP,
    }
    script = (ASSETS / "notebook_start.sh").read_text(encoding="utf-8")
    return re.sub(r"\$\{([^}]*)\}", lambda found: values[found[1]], script)


@dataclass(frozen=True)
class Machine:
    """A notebook instance's files under one folder; commands that need root or systemd note what they are told."""

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

    def told(self, name: str) -> list[str]:
        path = self.root / f"{name}.log"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    def start(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run the script and what it leaves running."""
        done, jobs = self.begin(script, **environment)
        jobs.read()
        jobs.close()
        return done

    def begin(self, script: str, **environment: str) -> tuple[subprocess.CompletedProcess[str], BinaryIO]:
        """Run the script; the pipe ends when the jobs that it leaves running do, for they hold its other end."""
        for folder in ("/home/ec2-user", "/etc/", "/opt/smtemplates"):
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
        """Give the Python of the registered kernel."""
        specification = self.home / ".local/share/jupyter/kernels/workspace/kernel.json"
        return str(json.loads(specification.read_text(encoding="utf-8"))["argv"][0])

    def imports(self, module: str) -> bool:
        environment = {"HOME": str(self.home)}
        return subprocess.run([self.kernel(), "-c", f"import {module}"], env=environment, check=False).returncode == 0


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return new_machine(tmp_path)


def new_machine(root: Path) -> Machine:
    made = Machine(root)
    for folder in ("bin", "work", "mirror", "etc/systemd/system", "home/ec2-user/SageMaker"):
        (root / folder).mkdir(parents=True)
    conda = root / "home/ec2-user/anaconda3/envs/python3/bin"
    conda.mkdir(parents=True)
    made.stub("python", f'exec {sys.executable} "$@"')
    (root / "bin/python").rename(conda / "python")
    made.stub("runuser", f'echo "$1 $2 $3" >>{root}/runuser.log; shift 3; exec "$@"')
    made.stub("systemctl", f'echo "$*" >>{root}/systemctl.log')
    for name in ("demo", "other"):
        wheel(root / "mirror", name)
    return made


def wheel(folder: Path, name: str) -> None:
    """Put a package on the mirror."""
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", "")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")


# --- the text


def test_script_is_clean() -> None:
    """As rendered the script has no finding of shellcheck, of any severity."""
    tool = Path(sysconfig.get_path("scripts")) / "shellcheck"
    script = rendered("demo", "https://127.0.0.1:9/a.git", "60", CONFIG)
    done = subprocess.run([tool, "--norc", "-"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_script_fits_with_long_values() -> None:
    """With 1,000 bytes of packages, an address of 255 and 3,000 bytes of SDK defaults it is within the limit.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_NotebookInstanceLifecycleHook.html
    """
    assert len(rendered("p" * 1000, "r" * 255, "525600", "c" * 3000).encode()) <= 16384 * 3 / 4


def test_auto_stop_survives_embedding() -> None:
    """The auto-stop program holds nothing that ends the shell's text early or that CloudFormation would replace."""
    assert "END" not in AUTO_STOP.splitlines()
    assert "${" not in AUTO_STOP


# --- SDK defaults and auto-stop


def test_sdk_defaults_are_written_on_every_start(machine: Machine) -> None:
    """The SDK's defaults arrive byte for byte, and replace those of the last start; none leaves no file."""
    path = machine.root / "etc/xdg/sagemaker/config.yaml"
    machine.start(rendered())
    assert not path.exists()
    for config in ("old: 'é'\n", CONFIG):
        machine.start(rendered(config=config))
        assert path.read_text(encoding="utf-8") == config
    assert path.stat().st_mode & 0o777 == 0o644


def test_auto_stop_is_installed(machine: Machine) -> None:
    """With idle minutes a timer runs the program, unchanged, as the notebook's user, every five minutes."""
    machine.start(rendered(idle="45"))
    assert (machine.root / "opt/smtemplates/auto_stop.py").read_text(encoding="utf-8").strip() == AUTO_STOP.strip()
    units = machine.root / "etc/systemd/system"
    service = (units / "smtemplates-auto-stop.service").read_text(encoding="utf-8")
    assert "User=ec2-user\n" in service
    assert "/auto_stop.py 45 https://localhost:8443 " in service
    assert "OnUnitActiveSec=5min\n" in (units / "smtemplates-auto-stop.timer").read_text(encoding="utf-8")
    assert machine.told("systemctl") == ["daemon-reload", "enable --now smtemplates-auto-stop.timer"]


def test_auto_stop_is_switched_off(machine: Machine) -> None:
    """With zero idle minutes nothing is installed, and a timer of earlier is stopped."""
    machine.start(rendered(idle="0"))
    assert machine.told("systemctl") == ["disable --now smtemplates-auto-stop.timer"]
    assert not list((machine.root / "etc/systemd/system").iterdir())


# --- packages


def test_unchanged_packages_are_there_at_once(machine: Machine) -> None:
    """Once installed, a list is there on every later start without a download; only the kernel is registered again."""
    machine.start(rendered("demo"))
    configuration = machine.ours / "current/pyvenv.cfg"
    made = configuration.stat().st_mtime_ns
    (machine.home / ".local/share/jupyter/kernels/workspace/kernel.json").unlink()  # that part of the home is new
    machine.start(rendered("demo"), **OFFLINE)
    assert machine.imports("demo")
    assert configuration.stat().st_mtime_ns == made
    assert "include-system-site-packages = true" in configuration.read_text(encoding="utf-8")  # SageMaker's are there


def test_another_python_makes_another_environment(machine: Machine) -> None:
    """After SageMaker changed its Python the environment is built again, for packages fit one Python only."""
    machine.start(rendered("demo"))
    machine.stub("python", 'if [ "$1" = -V ]; then echo Python 3.99; else echo "building with $*"; exit 1; fi')
    (machine.root / "bin/python").replace(machine.home / "anaconda3/envs/python3/bin/python")
    machine.start(rendered("demo"))
    assert "building with -m venv" in (machine.ours / "install_packages.log").read_text(encoding="utf-8")


def test_changed_packages_replace_the_old_ones_when_they_are_complete(machine: Machine) -> None:
    """A mirror that fails leaves the old kernel at work and a log that says why; the next start makes up for it."""
    machine.start(rendered("demo"))
    assert machine.start(rendered("other missing"), **OFFLINE).returncode == 0
    assert machine.imports("demo")
    assert "No matching distribution found for missing" in (machine.ours / "install_packages.log").read_text("utf-8")
    wheel(machine.root / "mirror", "missing")
    machine.start(rendered("other missing"))
    assert machine.imports("missing")
    assert not machine.imports("demo")
    assert len(list(machine.ours.glob("env-*"))) == 2  # a kernel may still run in the old one


def test_first_start_without_internet(machine: Machine) -> None:
    """Without internet the first start succeeds too, with no kernel of our own; options in the list never reach pip."""
    packages = "demo --index-url=http://127.0.0.1:9/evil -rother missing"
    assert machine.start(rendered(packages), **OFFLINE).returncode == 0
    assert not (machine.home / ".local").exists()
    (requirements,) = machine.ours.glob("env-*/requirements.txt")
    assert requirements.read_text(encoding="utf-8") == "demo\nmissing\n"


# --- the repository


@pytest.fixture
def https(tmp_path: Path) -> Iterator[str]:
    """Serve a git repository over HTTPS."""
    served = tmp_path / "served"
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (
        ["init", "-q", "work"],
        ["-C", "work", *identity, "commit", "-q", "--allow-empty", "-m", "first"],
        ["clone", "-q", "--bare", "work", "team.git"],
        ["-C", "team.git", "update-server-info"],
    ):
        served.mkdir(exist_ok=True)
        subprocess.run(["git", *command], cwd=served, check=True)  # noqa: S607 whichever git is there
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(served))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*self_signed(tmp_path))
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://localhost:{server.server_port}/team.git"
    server.shutdown()
    thread.join()
    server.server_close()


def test_repository_is_cloned_once(machine: Machine, https: str) -> None:
    """The repository is cloned under its name; afterwards it is the user's and is left alone."""
    trust = {"GIT_SSL_CAINFO": str(machine.root / "certificate.pem")}
    assert machine.start(rendered(repository=https), **trust).returncode == 0
    clone = machine.home / "SageMaker/team"
    assert (clone / ".git/HEAD").exists()
    (clone / "mine.txt").write_text("work", encoding="utf-8")
    machine.start(rendered(repository=https), **trust)
    assert [path.name for path in clone.iterdir() if path.name != ".git"] == ["mine.txt"]


def test_an_unfinished_clone_is_made_up_for(machine: Machine, https: str) -> None:
    """When cloning fails, or the instance stops meanwhile, no half of it stays in the way of the next start."""
    trust = {"GIT_SSL_CAINFO": str(machine.root / "certificate.pem")}
    assert machine.start(rendered(repository=https)).returncode == 0  # the certificate is not trusted
    machine.stub("git", 'mkdir "${@: -1}"; kill -9 $$')
    assert machine.start(rendered(repository=https), **trust).returncode == 0
    assert [path.name for path in (machine.home / "SageMaker").iterdir()] == [".smtemplates"]
    (machine.root / "bin/git").unlink()
    machine.start(rendered(repository=https), **trust)
    assert (machine.home / "SageMaker/team/.git/HEAD").exists()


def test_only_https_is_cloned(machine: Machine) -> None:
    """A repository over anything else is refused."""
    subprocess.run(["git", "init", "-q", str(machine.root / "local")], check=True)  # noqa: S607 whichever git is there
    for address in (f"{machine.root}/local", f"file://{machine.root}/local", "http://127.0.0.1:9/local"):
        machine.start(rendered(repository=address))
        assert "not allowed" in (machine.ours / "clone_repository.log").read_text(encoding="utf-8")
    assert not (machine.home / "SageMaker/local").exists()


# --- whatever the values


@pytest.mark.parametrize("value", ["\n".join(NASTY), *NASTY])
def test_no_value_is_code(machine: Machine, value: str) -> None:
    """Nothing in a package list, an address or the SDK's defaults is run."""
    if value in NASTY:  # one list reaches pip; for the shell there is a test of each value
        (machine.home / "anaconda3/envs/python3/bin/python").unlink()
    assert machine.start(rendered(value, value, "0", value)).returncode == 0
    assert not list(machine.root.rglob("PWN"))
    assert (machine.root / "etc/xdg/sagemaker/config.yaml").read_text(encoding="utf-8") == value
    assert (machine.ours / "install_packages.log").exists()
    assert (machine.ours / "clone_repository.log").exists()


@settings(max_examples=30, deadline=None)
@given(value=st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1))
def test_values_arrive_as_they_are(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    """Any text reaches the job that uses it unchanged, but for line ends at its end."""
    machine = new_machine(tmp_path_factory.mktemp("machine"))
    machine.stub("runuser", f'for last; do true; done; printf %s "$last" >"{machine.root}/$$.value"')
    machine.start(rendered(value, value))
    expected = [value.rstrip("\n")] * 2 if value.rstrip("\n") else []
    assert [path.read_bytes().decode() for path in machine.root.glob("*.value")] == expected


# --- whatever happens


def test_root_touches_nothing_of_the_user(machine: Machine) -> None:
    """What happens under the user's home happens as that user, whose links root would otherwise follow."""
    machine.stub("runuser", f'echo "$1 $2 $3" >>{machine.root}/runuser.log')
    machine.start(rendered("demo", "https://127.0.0.1:9/a.git", "60", CONFIG))
    assert machine.told("runuser") == ["-u ec2-user --"] * 2
    assert not list((machine.home / "SageMaker").iterdir())


def test_start_does_not_wait_for_downloads(machine: Machine) -> None:
    """The script is done while its jobs still wait for the network."""
    os.mkfifo(machine.root / "network")
    network = os.open(machine.root / "network", os.O_RDWR)
    machine.stub("runuser", f"read -r _ <{machine.root}/network; echo done >>{machine.root}/finished.log")
    done, jobs = machine.begin(rendered("demo", "https://127.0.0.1:9/a.git"))
    assert done.returncode == 0
    assert machine.told("finished") == []
    os.write(network, b"\n\n")
    jobs.read()
    assert machine.told("finished") == ["done", "done"]
    jobs.close()
    os.close(network)


@pytest.mark.parametrize("broken", ["runuser", "systemctl", "mkdir", "base64"])
def test_nothing_keeps_the_notebook_from_starting(machine: Machine, broken: str) -> None:
    """The script succeeds although a command of its own fails."""
    machine.stub(broken, "echo broken >&2; exit 1")
    assert machine.start(rendered("missing", "https://127.0.0.1:9/a.git", "60", CONFIG)).returncode == 0

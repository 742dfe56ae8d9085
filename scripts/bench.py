"""Compare the CPU time of commands with that of similar commands of other tools.

CPU time is the user and system time of a process and its child processes. Each command first runs once without
measurement. Then the two commands of a row run alternately, so that other load on the machine affects both. The result
is the median of the ratios of the pairs.
"""

from __future__ import annotations

import argparse
import atexit
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".venv-bench"
TEMPLATE = ROOT / "templates" / "workspace.yaml"
CDK = ("aws-cdk-lib@2.276.0", "constructs@10.8.1", "aws-cdk@2.1148.1")
SAM = "aws-sam-cli==1.170.0"
AWS = "awscli==1.46.3"
STAGING = "bench-staging"

EPILOG = """\
examples:
  scripts/bench                            all rows, five pairs each (several minutes)
  scripts/bench --only render --only again two rows
  scripts/bench -n 15 --only no-lint       more pairs, for a more precise ratio

exit codes: 0 all targets met, 1 a target missed or not measured, 2 bad input
"""


class NotMeasuredError(Exception):
    """Report why a row cannot be measured on this machine."""


@dataclass(frozen=True)
class Usage:
    """The CPU time and the memory that a process used."""

    seconds: float
    mebibytes: float


@dataclass(frozen=True)
class Command:
    """A command line. `codes` are the exit codes of a complete run, including runs with findings."""

    title: str
    words: Sequence[str]
    codes: Sequence[int] = (0,)
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """Two commands, and the maximum ratio of their CPU times. `max_mebibytes` limits the memory of the first."""

    name: str
    measured: Callable[[Path], Command]
    reference: Callable[[Path], Command]
    max_ratio: float
    max_mebibytes: float | None = None


def main() -> int:
    """Measure the selected rows, and print one line for each."""
    rows = {row.name: row for row in ROWS}
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=rows,
        metavar="NAME",
        help=f"row to measure: {', '.join(rows)} (default: all)",
    )
    parser.add_argument(
        "-n", "--runs", type=int, default=5, metavar="RUNS", help="number of pairs for each row (default: 5)"
    )
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("-n must be at least 1")
    print(f"{'row':<12} {'ratio':>6} {'target':>7} {'MiB':>4} {'target':>7}  {'CPU s':>6} {'other':>7}  commands")
    with tempfile.TemporaryDirectory() as folder:
        met = [_measure(rows[name], options.runs, Path(folder)) for name in options.only or rows]
    return int(not all(met))


def _measure(row: Row, runs: int, folder: Path) -> bool:
    """Measure a row, print its line, and return whether its targets are met."""
    try:
        first, second = row.measured(folder), row.reference(folder)
        _run(first)
        _run(second)
        pairs = [(_run(first), _run(second)) for _ in range(runs)]
    except NotMeasuredError as reason:
        print(f"{row.name:<12} not measured: {reason}")
        return False
    ratio = statistics.median(a.seconds / b.seconds for a, b in pairs)
    mebibytes = max(a.mebibytes for a, _ in pairs)
    met = ratio <= row.max_ratio and (row.max_mebibytes is None or mebibytes <= row.max_mebibytes)
    seconds = [statistics.median(one.seconds for one in side) for side in zip(*pairs, strict=True)]
    memory_target = f"<= {row.max_mebibytes:.0f}" if row.max_mebibytes else ""
    print(
        f"{row.name:<12} {ratio:>6.3f} {f'<= {row.max_ratio:g}':>7} {mebibytes:>4.0f} {memory_target:>7}  "
        f"{seconds[0]:>6.2f} {seconds[1]:>7.2f}  {'met' if met else 'MISSED'}: {first.title} / {second.title}",
        flush=True,
    )
    return met


def _run(command: Command) -> Usage:
    """Run a command, and return its usage, including that of its child processes."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command.words,
            cwd=ROOT,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in command.codes:
            output.seek(0)
            lines = output.read().decode(errors="replace").strip().splitlines() or ["no output"]
            msg = f"{command.title} ended with exit code {process.returncode}: {lines[-1]}"
            raise NotMeasuredError(msg)
    kibibyte = 1024 if sys.platform != "darwin" else 1
    return Usage(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * kibibyte / 2**20)


def _render(*options: str, codes: Sequence[int] = (0,)) -> Callable[[Path], Command]:
    def command(folder: Path) -> Command:
        words = [sys.executable, "-m", "smtemplates", "render", "workspace", "-o", str(folder), *options]
        return Command(" ".join(["render", *options]), words, codes, {"XDG_CACHE_HOME": str(folder)})

    return command


def _specialize(folder: Path) -> Command:
    output = str(folder / "company.yaml")
    options = ["--no-lint", "--keep", "ProjectName", "--fix", "CreateNotebook=true"]
    words = [sys.executable, "-m", "smtemplates", "render", "workspace", "-o", output, *options]
    return Command(" ".join(["render", *options]), words)


def _cfn_lint(*options: str) -> Callable[[Path], Command]:
    def command(_: Path) -> Command:
        words = [str(Path(sys.executable).with_name("cfn-lint")), *options, "--", str(TEMPLATE)]
        return Command(" ".join(["cfn-lint", *options]), words, codes=range(16))

    return command


def _python(title: str, *words: str) -> Callable[[Path], Command]:
    def command(_: Path) -> Command:
        return Command(title, [sys.executable, *words])

    return command


def _cdk(folder: Path) -> Command:
    """Install the CDK, and return the command that synthesizes the same template from CDK constructs."""
    npm = shutil.which("npm")
    if not npm:
        msg = "npm is not installed."
        raise NotMeasuredError(msg)
    home = TOOLS / "cdk"
    if not (home / "node_modules" / ".bin" / "cdk").exists():
        _install(npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(home), *CDK)
    app = f"node {ROOT / 'scripts' / 'cdk_app' / 'app.js'}"
    options = ("--quiet", "--no-notices", "--no-version-reporting")
    words = [str(home / "node_modules" / ".bin" / "cdk"), "synth", *options, "--app", app, "-o", str(folder / "cdk")]
    modules = {"NODE_PATH": str(home / "node_modules"), "TEMPLATE": str(TEMPLATE)}
    return Command("cdk synth", words, environment=modules)


def _sam(_: Path) -> Command:
    """Install the SAM CLI in a separate environment, and return the command that validates with cfn-lint."""
    home = TOOLS / "sam"
    if not (home / "bin" / "sam").exists():
        venv.create(home, with_pip=True)
        _install(str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", SAM)
    words = [str(home / "bin" / "sam"), "validate", "--lint", "--region", "us-east-1", "-t", str(TEMPLATE)]
    return Command("sam validate --lint", words, environment={"SAM_CLI_TELEMETRY": "0"})


@cache
def _cloud() -> dict[str, str]:
    """Start a local AWS with one bucket, stop it at exit, and return its environment variables."""
    script = str(ROOT / "scripts" / "local_cloud.py")
    output = subprocess.run([sys.executable, script, "start"], capture_output=True, text=True, check=True).stdout
    atexit.register(subprocess.run, [sys.executable, script, "stop"], capture_output=True, check=True)
    environment = dict(shlex.split(line)[1].split("=", 1) for line in output.splitlines() if line.startswith("export "))
    create = ["s3api", "create-bucket", "--bucket", STAGING]
    subprocess.run([_aws_cli(), *create], env={**os.environ, **environment}, capture_output=True, check=True)
    return environment


@cache
def _aws_cli() -> str:
    home = TOOLS / "aws"
    if not (home / "bin" / "aws").exists():
        venv.create(home, with_pip=True)
        _install(str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", AWS)
    return str(home / "bin" / "aws")


def _plan(_: Path) -> Command:
    script = str(ROOT / "scripts" / "deploy.py")
    words = [
        sys.executable,
        script,
        "plan",
        "bench-smtemplates",
        "--template",
        str(TEMPLATE),
        "--staging-bucket",
        STAGING,
    ]
    return Command("deploy.py plan", words, environment=_cloud())


def _aws_deploy(_: Path) -> Command:
    options = ["--stack-name", "bench-aws-cli", "--template-file", str(TEMPLATE), "--capabilities", "CAPABILITY_IAM"]
    words = [_aws_cli(), "cloudformation", "deploy", "--no-execute-changeset", *options, "--s3-bucket", STAGING]
    return Command("aws cloudformation deploy --no-execute-changeset", words, environment=_cloud())


def _install(*words: str) -> None:
    print(f"installing: {' '.join(words)}", file=sys.stderr)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no output"]
        msg = f"the installation failed: {lines[-1]}"
        raise NotMeasuredError(msg)


# There are no findings for the default Region. In some Regions types are missing, which both commands report.
ROWS = (
    Row("no-lint", _render("--no-lint"), _cfn_lint(), 0.05, max_mebibytes=30),
    Row("specialize", _specialize, _render("--no-lint"), 1.5),
    Row("render", _render("--no-cache"), _cfn_lint(), 1.0),
    Row("again", _render(), _cfn_lint(), 0.08),
    Row(
        "all-regions",
        _render("--all-regions", "--no-cache", codes=(0, 1)),
        _cfn_lint("--regions", "ALL_REGIONS"),
        0.55,
    ),
    Row("cdk", _render("--no-cache"), _cdk, 1.0),
    Row("sam", _render("--no-cache"), _sam, 1.0),
    Row(
        "deploy-help",
        _python("deploy.py --help", str(ROOT / "scripts" / "deploy.py"), "--help"),
        _python("import boto3", "-c", "import boto3"),
        1.3,
    ),
    Row("plan", _plan, _aws_deploy, 0.7),
)

if __name__ == "__main__":
    sys.exit(main())

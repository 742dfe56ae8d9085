"""Measure the product's commands beside others: CPU time of whole processes, in interleaved pairs, as ratios.

CPU time is user and system time of the process and of all it started. Each command runs once unmeasured, then the two
of a row take turns; a ratio is the median of those of the pairs, so that a busy machine slows both sides alike.
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
  scripts/bench                            every row, five pairs each: some minutes
  scripts/bench --only render --only again two rows
  scripts/bench -n 15 --only no-lint       more pairs, for a steadier ratio

exit codes: 0 every target met, 1 one missed or not measured, 2 wrong usage
"""


class NotMeasuredError(Exception):
    """Say in one sentence why a row cannot be measured here."""


@dataclass(frozen=True)
class Use:
    """Hold what one process used."""

    seconds: float
    mebibytes: float


@dataclass(frozen=True)
class Command:
    """Hold a command line; `codes` are the exit codes that mean it has done its work, findings included."""

    title: str
    words: Sequence[str]
    codes: Sequence[int] = (0,)
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """Hold two commands, and how much of the second's CPU time the first may take."""

    name: str
    measured: Callable[[Path], Command]
    beside: Callable[[Path], Command]
    most: float
    most_mebibytes: float | None = None


def main() -> int:
    """Measure the rows asked for and print one line each."""
    rows = {row.name: row for row in ROWS}
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", action="append", choices=rows, metavar="NAME", help=f"a row: {', '.join(rows)}")
    parser.add_argument("-n", "--runs", type=int, default=5, metavar="RUNS", help="pairs a row (default: 5)")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("-n must be at least 1")
    print(f"{'row':<12} {'ratio':>6} {'target':>7} {'MiB':>4} {'target':>7}  {'CPU s':>6} {'beside':>7}  commands")
    with tempfile.TemporaryDirectory() as folder:
        met = [_measure(rows[name], options.runs, Path(folder)) for name in options.only or rows]
    return int(not all(met))


def _measure(row: Row, runs: int, folder: Path) -> bool:
    """Print a row's line; tell whether its targets are met."""
    try:
        first, second = row.measured(folder), row.beside(folder)
        _run(first)
        _run(second)
        pairs = [(_run(first), _run(second)) for _ in range(runs)]
    except NotMeasuredError as reason:
        print(f"{row.name:<12} not measured: {reason}")
        return False
    ratio = statistics.median(a.seconds / b.seconds for a, b in pairs)
    mebibytes = max(a.mebibytes for a, _ in pairs)
    met = ratio <= row.most and (row.most_mebibytes is None or mebibytes <= row.most_mebibytes)
    seconds = [statistics.median(use.seconds for use in uses) for uses in zip(*pairs, strict=True)]
    memory_target = f"<= {row.most_mebibytes:.0f}" if row.most_mebibytes else ""
    print(
        f"{row.name:<12} {ratio:>6.3f} {f'<= {row.most:g}':>7} {mebibytes:>4.0f} {memory_target:>7}  {seconds[0]:>6.2f}"
        f" {seconds[1]:>7.2f}  {'met' if met else 'MISSED'}: {first.title} / {second.title}",
        flush=True,
    )
    return met


def _run(command: Command) -> Use:
    """Run a command to its end and return what it used, all that it started and waited for included."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command.words,
            cwd=ROOT,
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
        _, status, use = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in command.codes:
            output.seek(0)
            said = output.read().decode(errors="replace").strip().splitlines() or ["nothing"]
            msg = f"{command.title} ended with {process.returncode}: {said[-1]}"
            raise NotMeasuredError(msg)
    kibibyte = 1024 if sys.platform != "darwin" else 1
    return Use(use.ru_utime + use.ru_stime, use.ru_maxrss * kibibyte / 2**20)


def _render(*options: str, codes: Sequence[int] = (0,)) -> Callable[[Path], Command]:
    def command(folder: Path) -> Command:
        words = [sys.executable, "-m", "smtemplates", "render", "workspace", "-o", str(folder), *options]
        return Command(" ".join(["render", *options]), words, codes, {"XDG_CACHE_HOME": str(folder)})

    return command


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
    """Install the CDK and return the command that synthesizes the same template from its constructs."""
    npm = shutil.which("npm")
    if not npm:
        msg = "npm is not installed."
        raise NotMeasuredError(msg)
    home = TOOLS / "cdk"
    if not (home / "node_modules" / ".bin" / "cdk").exists():
        _install(npm, "install", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(home), *CDK)
    app = f"node {ROOT / 'scripts' / 'cdk_app' / 'app.js'}"
    quietly = ("--quiet", "--no-notices", "--no-version-reporting")
    words = [str(home / "node_modules" / ".bin" / "cdk"), "synth", *quietly, "--app", app, "-o", str(folder / "cdk")]
    modules = {"NODE_PATH": str(home / "node_modules"), "TEMPLATE": str(TEMPLATE)}
    return Command("cdk synth", words, environment=modules)


def _sam(_: Path) -> Command:
    """Install the SAM CLI, in an environment of its own for it pins much, and return its validation with cfn-lint."""
    home = TOOLS / "sam"
    if not (home / "bin" / "sam").exists():
        venv.create(home, with_pip=True)
        _install(str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", SAM)
    words = [str(home / "bin" / "sam"), "validate", "--lint", "--region", "us-east-1", "-t", str(TEMPLATE)]
    return Command("sam validate --lint", words, environment={"SAM_CLI_TELEMETRY": "0"})


@cache
def _cloud() -> dict[str, str]:
    """Start a local AWS, which ends with us, and return what leads to it; it holds one bucket."""
    script = str(ROOT / "scripts" / "local_cloud.py")
    said = subprocess.run([sys.executable, script, "start"], capture_output=True, text=True, check=True).stdout
    atexit.register(subprocess.run, [sys.executable, script, "stop"], capture_output=True, check=True)
    led = dict(shlex.split(line)[1].split("=", 1) for line in said.splitlines() if line.startswith("export "))
    make = ["s3api", "create-bucket", "--bucket", STAGING]
    subprocess.run([_aws_cli(), *make], env={**os.environ, **led}, capture_output=True, check=True)
    return led


@cache
def _aws_cli() -> str:
    home = TOOLS / "aws"
    if not (home / "bin" / "aws").exists():
        venv.create(home, with_pip=True)
        _install(str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", AWS)
    return str(home / "bin" / "aws")


def _plan(_: Path) -> Command:
    script = str(ROOT / "scripts" / "deploy.py")
    words = [sys.executable, script, "plan", "bench-ours", "--template", str(TEMPLATE), "--staging-bucket", STAGING]
    return Command("deploy.py plan", words, environment=_cloud())


def _aws_deploy(_: Path) -> Command:
    what = ["--stack-name", "bench-theirs", "--template-file", str(TEMPLATE), "--capabilities", "CAPABILITY_IAM"]
    words = [_aws_cli(), "cloudformation", "deploy", "--no-execute-changeset", *what, "--s3-bucket", STAGING]
    return Command("aws cloudformation deploy --no-execute-changeset", words, environment=_cloud())


def _install(*words: str) -> None:
    print(f"installing: {' '.join(words)}", file=sys.stderr)
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["nothing"]
        msg = f"it cannot be installed here: {said[-1]}"
        raise NotMeasuredError(msg)


# Against the default Region no finding may be there; some Regions lack types, which both then report.
ROWS = (
    Row("no-lint", _render("--no-lint"), _cfn_lint(), 0.05, most_mebibytes=30),
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

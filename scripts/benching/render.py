"""Figures of `render`: validation, unchanged templates, all Regions, memory, and other tools that build templates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benching.measure import ROOT, Command, Make, Measure, Row
from benching.tools import cdk, sam, user_python

TEMPLATES = ROOT / "templates"
WORKSPACE = TEMPLATES / "workspace.yaml"


def render(*options: str, names: Sequence[str] = ("workspace",), codes: Sequence[int] = (0,)) -> Make:
    """Return a command that renders templates into the temporary folder, which also contains the cache."""

    def command(folder: Path) -> Command:
        words = [user_python(), "-m", "smtemplates", "render", *names, "-o", str(folder), *options]
        environment = {"XDG_CACHE_HOME": str(folder), "PYTHONPATH": str(ROOT)}
        return Command(" ".join(["render", *names, *options]), words, codes, environment)

    return command


def cfn_lint(*options: str, files: Sequence[Path] = (WORKSPACE,)) -> Make:
    """Return the command cfn-lint for templates of this repository. Its exit codes depend on the kinds of findings."""

    def command(_: Path) -> Command:
        program = Path(user_python()).with_name("cfn-lint")
        title = " ".join(["cfn-lint", *options, *("" if files == (WORKSPACE,) else ["templates/*.yaml"])])
        return Command(title, [str(program), *options, "--", *map(str, files)], codes=range(16))

    return command


def _specialize(folder: Path) -> Command:
    options = ["--no-lint", "--keep", "ProjectName", "--fix", "CreateNotebook=true"]
    words = [user_python(), "-m", "smtemplates", "render", "workspace", "-o", str(folder / "company.yaml"), *options]
    return Command(" ".join(["render", "workspace", *options]), words, environment={"PYTHONPATH": str(ROOT)})


def _cdk(folder: Path) -> Command:
    modules = cdk()
    app = f"node {ROOT / 'scripts' / 'cdk_app' / 'app.js'}"
    options = ("--quiet", "--no-notices", "--no-version-reporting")
    words = [str(modules / ".bin" / "cdk"), "synth", *options, "--app", app, "-o", str(folder / "cdk")]
    return Command("cdk synth", words, environment={"NODE_PATH": str(modules), "TEMPLATE": str(WORKSPACE)})


def _sam(_: Path) -> Command:
    words = [sam(), "validate", "--lint", "--region", "us-east-1", "-t", str(WORKSPACE)]
    return Command("sam validate --lint", words, environment={"SAM_CLI_TELEMETRY": "0"})


_ALL = tuple(sorted(TEMPLATES.glob("*.yaml")))

# There are no findings for the default Region. In some Regions types are missing, which both commands report.
ROWS = (
    Row("no-lint", render("--no-lint"), cfn_lint(), 0.045),
    Row("no-lint-memory", render("--no-lint"), None, 30, measure=Measure.MEMORY),
    Row("specialize", _specialize, render("--no-lint"), 1.5),
    Row("render", render("--no-cache"), cfn_lint(), 0.90, 0.78),
    Row("render-no-policy", render("--no-cache", "--no-policy"), cfn_lint(), 0.80, 0.70),
    Row("render-memory", render("--no-cache"), None, 450, measure=Measure.MEMORY),
    Row("all", render("--no-cache", names=()), cfn_lint(files=_ALL), 0.60, 0.50, Measure.WALL),
    Row("again", render(), cfn_lint(), 0.05),
    Row(
        "all-regions",
        render("--all-regions", "--no-cache", codes=(0, 1)),
        cfn_lint("--regions", "ALL_REGIONS"),
        0.30,
        most_pairs=5,
    ),
    Row("cdk", render("--no-cache"), _cdk, 1.0),
    Row("sam", render("--no-cache"), _sam, 1.0),
)

"""Linting: what cfn-lint's own command finds, in one Region and in all, remembered until something changes."""

from __future__ import annotations

import contextlib
import gc
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cfnlint.helpers import REGIONS
from cfnlint.runner import run_template_by_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import smtemplates
from smtemplates.aws_data.regions import ALL_REGIONS
from smtemplates.errors import UsageError
from smtemplates.linting import cache as linter_cache
from smtemplates.linting import engine as linter_engine
from smtemplates.linting.engine import known
from smtemplates.linting.linter import Finding, lint

# of each, cfn-lint would be asked about the first two alone, were they all alike
SOME_REGIONS = "us-east-1,ap-northeast-1,eu-south-1,ap-east-2"
SOME_PARTITIONS = "us-east-1,ap-northeast-1,us-iso-east-1,cn-north-1,us-gov-west-1"

BUCKET = "Resources: {Bucket: {Type: AWS::S3::Bucket}}\n"
WRONG = "Resources: {Bucket: {Type: AWS::S3::Bucket, Properties: {BucketNam: x}}}\n"
GROUP = "Resources: {Group: {Type: AWS::SageMaker::ModelPackageGroup, Properties: {ModelPackageGroupName: models}}}\n"
ATTRIBUTE = WRONG.replace("BucketNam: x", "BucketName: !GetAtt Bucket.Nonsense")

# what is wrong -> the template; its first line names the rule that must be among the findings in all Regions
BROKEN = {
    text.split("\n", 1)[0].split(": ", 1)[1]: text
    for text in Path(__file__).with_name("broken.yaml").read_text(encoding="utf-8").split("---\n")
}


def _places(findings: Iterable[Finding]) -> Counter[tuple[str, int, int, str]]:
    return Counter((found.rule, found.line, found.column, found.message) for found in findings)


@pytest.fixture(scope="module", params=["us-east-1", SOME_REGIONS, SOME_PARTITIONS, "ALL_REGIONS"])
def command(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, dict[str, Counter[tuple[str, int, int, str]]]]:
    """Run cfn-lint's own command over all broken templates: the Regions, and by template what it finds."""
    folder = tmp_path_factory.mktemp("broken")
    files = {str(folder / f"{number}.yaml"): what for number, what in enumerate(BROKEN)}
    for file, what in files.items():
        Path(file).write_text(BROKEN[what], encoding="utf-8")
    arguments = ["--format", "json", "--include-checks", "I", "--regions", *request.param.split(","), "--", *files]
    answer = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), *arguments], cwd=folder, capture_output=True, check=False
    )
    found: dict[str, Counter[tuple[str, int, int, str]]] = {what: Counter() for what in BROKEN}
    for match in json.loads(answer.stdout):
        start = match["Location"]["Start"]
        place = (match["Rule"]["Id"], start["LineNumber"], start["ColumnNumber"], match["Message"])
        found[files[match["Filename"]]][place] += 1
    return request.param, found


@pytest.mark.parametrize("what", BROKEN)
def test_finds_what_the_command_finds(
    what: str, command: tuple[str, dict[str, Counter[tuple[str, int, int, str]]]]
) -> None:
    """A broken template has the findings of `cfn-lint --regions ...`: rule, line, column and message."""
    regions, expected = command
    text = BROKEN[what]
    rule = text[2:].split(":", 1)[0]
    findings = lint(text, regions=regions.split(","), cache=False)
    assert _places(findings) == expected[what]
    assert regions != "ALL_REGIONS" or rule in {found.rule for found in findings}


@pytest.mark.parametrize("text", ["the workspace", BUCKET, WRONG, GROUP, ATTRIBUTE])
def test_few_regions_are_linted_for_all(text: str, monkeypatch: pytest.MonkeyPatch, template: dict[str, Any]) -> None:
    """To know about all Regions cfn-lint is asked about a third of them, when nothing is wrong and when much is."""
    asked: list[str] = []

    def counting(template: dict[str, Any], config: Any, rules: Any) -> Any:
        asked.extend(config.regions)
        return run_template_by_data(template, config, rules)

    monkeypatch.setattr(linter_engine, "run_template_by_data", counting)
    lint(json.dumps(template) if text == "the workspace" else text, regions=ALL_REGIONS, cache=False)
    assert 0 < len(asked) <= len(REGIONS) / 3


def test_a_finding_says_where_it_is_and_what_built_it() -> None:
    """A finding reads as one line with file, line, column, rule, message and, if known, the Python file."""
    (found,) = lint(WRONG, name="templates/w.yaml", cache=False)
    assert (found.line, found.column, found.severity) == (1, 58, "error")
    assert found.path[:3] == ("Resources", "Bucket", "Properties")
    assert found.logical == ("Resources", "Bucket")
    assert str(found) == f"templates/w.yaml:1:58: E3002 {found.message}"
    assert str(replace(found, source="smtemplates/templates/workspace/storage.py")).endswith(
        f"{found.message} (smtemplates/templates/workspace/storage.py)"
    )


def test_a_finding_names_its_regions() -> None:
    """When many Regions were asked for, a finding carries those that its message names."""
    text = BROKEN["types that some Regions lack"]
    findings = lint(text, regions=ALL_REGIONS, cache=False)
    named = {region for found in findings for region in found.regions}
    assert {"us-gov-east-1", "cn-north-1", "ca-west-1"} <= named < set(REGIONS)
    assert all(len(found.regions) == 1 for found in findings)


def test_a_finding_about_the_whole_template_has_no_logical_name() -> None:
    """A finding about no section has no logical name."""
    assert [found.logical for found in lint("Nonsense: 1\n", cache=False) if len(found.path) < 2] != []
    assert all(found.logical is None for found in lint("Nonsense: 1\n", cache=False) if len(found.path) < 2)


@pytest.mark.parametrize("text", ["- a list", "just text", "a: [", "a: 1\na: 2\n", "\ta: b", "a: !Nonsense b\n\t", "{"])
def test_text_that_is_no_template(text: str) -> None:
    """What cannot be read as a template is one sentence that names the file."""
    with pytest.raises(UsageError, match=r"^mine\.yaml:.*this is not a template") as caught:
        lint(text, name="mine.yaml", cache=False)
    assert "\n" not in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_a_template_or_bad_input(text: str) -> None:
    """No text, however odd, brings anything but findings or a UsageError."""
    try:
        lint(text, cache=False)
    except UsageError as error:
        sentence = str(error)
    else:
        sentence = ""
    assert "\n" not in sentence


def test_unknown_region() -> None:
    """A Region that does not exist is refused with the name of the nearest."""
    with pytest.raises(UsageError, match="'eu-wst-1': did you mean 'eu-west-1'"):
        lint(BUCKET, regions=["us-east-1", "eu-wst-1"], cache=False)


def test_all_regions_are_those_of_cfn_lint() -> None:
    """ALL_REGIONS stands for every Region that the installed cfn-lint knows."""
    assert known(ALL_REGIONS) == REGIONS
    assert known(["us-east-1", "us-east-1"]) == ["us-east-1"]


def test_a_cfnlintrc_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .cfnlintrc in the working directory does not hide a finding."""
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert [found.rule for found in lint(WRONG, cache=False)] == ["E3002"]


@pytest.mark.parametrize("text", [WRONG, "a: ["])
def test_the_garbage_collector_is_left_as_it_was(text: str) -> None:
    """Linting leaves the caller's garbage collector as it was, also when it fails."""
    before = gc.get_threshold()
    gc.set_threshold(701, 11, 12)
    try:
        with contextlib.suppress(UsageError):
            lint(text, cache=False)
        assert gc.isenabled()
        assert gc.get_threshold() == (701, 11, 12)
    finally:
        gc.set_threshold(*before)


IMPORTED = "import sys; sys.exit(' '.join(sorted({'cfnlint', 'boto3', 'botocore'} & set(sys.modules))))"


def _imported_by(code: str, **environment: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", f"{code}\n{IMPORTED}"],
        env={"PYTHONPATH": str(Path(smtemplates.__file__).parent.parent), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stderr.strip()


def test_importing_brings_no_linter_and_no_sdk() -> None:
    """Importing the linting module imports neither cfn-lint nor boto3."""
    assert _imported_by("import smtemplates.linting.linter") == ""


def test_what_was_linted_before_needs_no_cfn_lint(tmp_path: Path) -> None:
    """An unchanged template's findings come from the user's cache directory, without importing cfn-lint."""
    code = f"from smtemplates.linting.linter import lint; assert [found.line for found in lint({WRONG!r})] == [1]"
    assert _imported_by(code, XDG_CACHE_HOME=str(tmp_path)) == "cfnlint"
    assert _imported_by(code, XDG_CACHE_HOME=str(tmp_path)) == ""
    assert (tmp_path / "smtemplates").stat().st_mode & 0o777 == 0o700
    assert [entry.suffix for entry in (tmp_path / "smtemplates").iterdir()] == [".json"]


def test_the_cache_replays_every_finding(tmp_path: Path) -> None:
    """What the cache replays equals what was found, under the name asked for."""
    text = BROKEN["a wrong property of a type that some Regions lack"]
    first = lint(text, name="a.yaml", regions=ALL_REGIONS, cache=tmp_path)
    again = lint(text, name="b.yaml", regions=ALL_REGIONS, cache=tmp_path)
    assert len(first) > 1
    assert [replace(found, file="a.yaml") for found in again] == first
    assert len(list(tmp_path.iterdir())) == 1


def test_a_change_is_linted_anew(tmp_path: Path) -> None:
    """Other text or other Regions are linted anew, whatever is stored."""
    lint(BUCKET, cache=tmp_path)
    (entry,) = tmp_path.iterdir()
    row = {"line": 1, "column": 1, "rule": "E1", "severity": "error", "message": "stored", "path": [], "regions": []}
    linter_cache.write(entry, [row])
    assert [found.message for found in lint(BUCKET, cache=tmp_path)] == ["stored"]
    assert lint(BUCKET, cache=False) == []
    assert lint(BUCKET, regions=["eu-west-1"], cache=tmp_path) == []
    assert lint(f"{BUCKET}\n", cache=tmp_path) == []


def test_another_cfn_lint_is_another_entry(tmp_path: Path) -> None:
    """An upgrade of cfn-lint or of its schemas makes what is stored obsolete."""
    code = "import sys; from smtemplates.linting import cache; print(cache.key('text', ()), file=sys.stderr)"
    other = tmp_path / "other" / "cfnlint"
    other.mkdir(parents=True)
    (other / "__init__.py").touch()
    (other / "version.py").write_text("__version__ = '2.0.0'\n", encoding="utf-8")
    fetched = tmp_path / "cache" / "aws" / "cfn-lint" / "schemas"
    fetched.mkdir(parents=True)
    (fetched / "version.json").write_text("{}", encoding="utf-8")
    here = str(Path(smtemplates.__file__).parent.parent)
    keys = {
        _imported_by(code, XDG_CACHE_HOME=str(tmp_path)),
        _imported_by(code, XDG_CACHE_HOME=str(tmp_path), PYTHONPATH=f"{other.parent}:{here}"),
        _imported_by(code, XDG_CACHE_HOME=str(tmp_path / "cache")),
    }
    assert len(keys) == 3


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.binary(max_size=80), keep=st.integers(0, 200))
def test_a_damaged_entry_is_ignored(tmp_path: Path, damage: bytes, keep: int) -> None:
    """An entry that was cut off or overwritten is never replayed."""
    entry = tmp_path / "entry.json"
    linter_cache.write(entry, [{"line": 1}])
    whole = entry.read_bytes()
    entry.write_bytes(whole[:keep] + damage)
    assert linter_cache.read(entry) in ([[{"line": 1}]] if whole[:keep] + damage == whole else [None])


def test_a_cache_that_cannot_be_written_does_not_matter(tmp_path: Path) -> None:
    """Where nothing can be stored, linting works all the same."""
    occupied = tmp_path / "file"
    occupied.touch()
    assert [found.rule for found in lint(WRONG, cache=occupied / "folder")] == ["E3002"]
    assert (
        _imported_by(f"from smtemplates.linting.linter import lint; lint({WRONG!r})", XDG_CACHE_HOME=str(occupied))
        == "cfnlint"
    )


def test_the_cache_is_bounded(tmp_path: Path) -> None:
    """Only the newest entries are kept."""
    for number in range(linter_cache.MOST_ENTRIES + 5):
        linter_cache.write(tmp_path / f"{number}.json", [])
    names = {entry.stem for entry in tmp_path.iterdir()}
    assert len(names) == linter_cache.MOST_ENTRIES
    assert str(linter_cache.MOST_ENTRIES + 4) in names

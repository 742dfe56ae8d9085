"""Lint templates: the findings equal those of the cfn-lint command in one Region and in all Regions, and are cached."""

from __future__ import annotations

import contextlib
import gc
import json
import re
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
from smtemplates.linting.engine import requested_regions
from smtemplates.linting.linter import Finding, lint

# For each list, only the first two Regions would be linted if cfn-lint treated all Regions alike.
SOME_REGIONS = "us-east-1,ap-northeast-1,eu-south-1,ap-east-2"
SOME_PARTITIONS = "us-east-1,ap-northeast-1,us-iso-east-1,cn-north-1,us-gov-west-1"

BUCKET = "Resources: {Bucket: {Type: AWS::S3::Bucket}}\n"
WRONG = "Resources: {Bucket: {Type: AWS::S3::Bucket, Properties: {BucketNam: x}}}\n"
GROUP = "Resources: {Group: {Type: AWS::SageMaker::ModelPackageGroup, Properties: {ModelPackageGroupName: models}}}\n"
NOTEBOOK = """\
Parameters: {Size: {Type: String, Default: ml.t3.large, AllowedValues: [ml.t3.large, ml.m5.large, ml.m5]}}
Resources:
  Notebook:
    Type: AWS::SageMaker::NotebookInstance
    Properties:
      {RoleArn: "arn:aws:iam::111122223333:role/a", InstanceType: !Ref Size}
"""
ATTRIBUTE = WRONG.replace("BucketNam: x", "BucketName: !GetAtt Bucket.Nonsense")

# From each error to its template. The first line of a template names the rule that must be reported for all Regions.
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
    """Run the cfn-lint command on all broken templates, and return the Regions and the findings by template."""
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


@pytest.mark.slow
@pytest.mark.parametrize("what", BROKEN)
def test_findings_equal_those_of_the_cfn_lint_command(
    what: str, command: tuple[str, dict[str, Counter[tuple[str, int, int, str]]]]
) -> None:
    """The findings of a broken template equal those of `cfn-lint --regions ...` in rule, line, column and message."""
    regions, expected = command
    text = BROKEN[what]
    rule = text[2:].split(":", 1)[0]
    findings = lint(text, regions=regions.split(","), cache=False)
    assert _places(findings) == expected[what]
    assert regions != "ALL_REGIONS" or rule in {found.rule for found in findings}


@pytest.mark.slow
@pytest.mark.parametrize("text", [BUCKET, WRONG, GROUP, ATTRIBUTE])
def test_a_few_regions_represent_all(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """To validate for all Regions, at most a third of them are linted, with and without findings.

    tests/test_valid.py does the same with the workspace.
    """
    linted: list[str] = []

    def counting(template: dict[str, Any], config: Any, rules: Any) -> Any:
        linted.extend(config.regions)
        return run_template_by_data(template, config, rules)

    monkeypatch.setattr(linter_engine, "run_template_by_data", counting)
    lint(text, regions=ALL_REGIONS, cache=False)
    assert 0 < len(linted) <= len(REGIONS) / 3


def test_finding_shows_its_place_and_python_file() -> None:
    """A finding is one line with file, line, column, rule, message and, if known, the Python file."""
    (found,) = lint(WRONG, name="templates/w.yaml", cache=False)
    assert (found.line, found.column, found.severity) == (1, 58, "error")
    assert found.path[:3] == ("Resources", "Bucket", "Properties")
    assert found.logical == ("Resources", "Bucket")
    assert str(found) == f"templates/w.yaml:1:58: E3002 {found.message}"
    assert str(replace(found, source="smtemplates/templates/workspace/storage.py")).endswith(
        f"{found.message} (smtemplates/templates/workspace/storage.py)"
    )


def test_finding_names_the_value_of_a_parameter_that_is_not_accepted() -> None:
    """cfn-lint lists all accepted values and not the wrong one. The text names it, and shortens the list."""
    wrong, also = (found for found in lint(NOTEBOOK, cache=False) if found.rule == "W1030")
    assert (wrong.given, also.given) == ((("Size", "ml.m5.large"),), (("Size", "ml.m5"),))
    assert str(wrong).startswith(
        "template.yaml:1:86: W1030 {'Ref': 'Size'} is not one of ['ml.c4.2xlarge', 'ml.c4.4xlarge',"
    )
    assert re.search(r"'ml\.c5\.18xlarge' and \d+ more\] when 'Ref' is resolved", str(wrong))
    assert str(wrong).endswith(" [Size=ml.m5.large]")
    assert "'ml.t3.large', 'ml.t3.medium'" in wrong.sentence


def test_lists_of_up_to_12_values_are_not_shortened() -> None:
    """A list of 12 values is whole in the text of a finding, and a longer one is not."""
    finding = Finding(file="a", line=1, column=1, rule="E1", severity="error", message="")
    twelve = [f"'a{number}'" for number in range(12)]
    whole, longer = f"x in [{', '.join(twelve)}]", f"x in [{', '.join([*twelve, repr('b')])}] at 'y'"
    assert str(replace(finding, message=whole)) == f"a:1:1: E1 {whole}"
    assert str(replace(finding, message=longer)) == "a:1:1: E1 x in ['a0', 'a1', 'a2', 'a3', 'a4' and 8 more] at 'y'"


def test_finding_contains_its_regions() -> None:
    """If several Regions were requested, a finding contains the Regions that its message names."""
    text = BROKEN["types that some Regions lack"]
    findings = lint(text, regions=ALL_REGIONS, cache=False)
    named = {region for found in findings for region in found.regions}
    assert {"us-gov-east-1", "cn-north-1", "ca-west-1"} <= named < set(REGIONS)
    assert all(len(found.regions) == 1 for found in findings)


def test_finding_about_the_whole_template_has_no_logical_name() -> None:
    """A finding outside the sections has no logical name."""
    assert [found.logical for found in lint("Nonsense: 1\n", cache=False) if len(found.path) < 2] != []
    assert all(found.logical is None for found in lint("Nonsense: 1\n", cache=False) if len(found.path) < 2)


@pytest.mark.parametrize("text", ["- a list", "just text", "a: [", "a: 1\na: 2\n", "\ta: b", "a: !Nonsense b\n\t", "{"])
def test_text_that_is_not_a_template_is_rejected(text: str) -> None:
    """Text that cannot be read as a template leads to one sentence that names the file."""
    with pytest.raises(UsageError, match=r"^mine\.yaml:.*this is not a valid template") as caught:
        lint(text, name="mine.yaml", cache=False)
    assert "\n" not in str(caught.value)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60))
def test_any_text_is_linted_or_rejected(text: str) -> None:
    """Any text leads to findings or to a UsageError of one line."""
    try:
        lint(text, cache=False)
    except UsageError as error:
        sentence = str(error)
    else:
        sentence = ""
    assert "\n" not in sentence


def test_unknown_region_is_rejected() -> None:
    """The message for a Region that does not exist contains the most similar name."""
    with pytest.raises(UsageError, match=r"'eu-wst-1'\. Did you mean 'eu-west-1'"):
        lint(BUCKET, regions=["us-east-1", "eu-wst-1"], cache=False)


def test_all_regions_are_those_of_cfn_lint() -> None:
    """ALL_REGIONS means every Region that the installed cfn-lint supports."""
    assert requested_regions(ALL_REGIONS) == REGIONS
    assert requested_regions(["us-east-1", "us-east-1"]) == ["us-east-1"]


def test_cfnlintrc_is_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .cfnlintrc in the working directory does not hide a finding."""
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E]\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert [found.rule for found in lint(WRONG, cache=False)] == ["E3002"]


@pytest.mark.parametrize("text", [WRONG, "a: ["])
def test_settings_of_the_garbage_collector_are_restored(text: str) -> None:
    """Linting restores the settings of the garbage collector, even if it fails."""
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


def test_import_needs_neither_cfn_lint_nor_boto3() -> None:
    """Importing the linting module imports neither cfn-lint nor boto3."""
    assert _imported_by("import smtemplates.linting.linter") == ""


def test_unchanged_template_needs_no_cfn_lint(tmp_path: Path) -> None:
    """The findings of an unchanged template are read from the user's cache directory without importing cfn-lint."""
    code = f"from smtemplates.linting.linter import lint; assert [found.line for found in lint({WRONG!r})] == [1]"
    assert _imported_by(code, XDG_CACHE_HOME=str(tmp_path)) == "cfnlint"
    assert _imported_by(code, XDG_CACHE_HOME=str(tmp_path)) == ""
    assert (tmp_path / "smtemplates").stat().st_mode & 0o777 == 0o700
    assert [entry.suffix for entry in (tmp_path / "smtemplates").iterdir()] == [".json"]


def test_cache_returns_every_finding(tmp_path: Path) -> None:
    """The cached findings equal the original findings, except for the requested file name."""
    text = BROKEN["a wrong property of a type that some Regions lack"]
    first = lint(text, name="a.yaml", regions=ALL_REGIONS, cache=tmp_path)
    again = lint(text, name="b.yaml", regions=ALL_REGIONS, cache=tmp_path)
    assert len(first) > 1
    assert [replace(found, file="a.yaml") for found in again] == first
    assert len(list(tmp_path.iterdir())) == 1


def test_changed_template_is_linted_again(tmp_path: Path) -> None:
    """A different text or different Regions are linted again."""
    lint(BUCKET, cache=tmp_path)
    (entry,) = tmp_path.iterdir()
    row = {"line": 1, "column": 1, "rule": "E1", "severity": "error", "message": "stored", "path": [], "regions": []}
    linter_cache.write(entry, [row])
    assert [found.message for found in lint(BUCKET, cache=tmp_path)] == ["stored"]
    assert lint(BUCKET, cache=False) == []
    assert lint(BUCKET, regions=["eu-west-1"], cache=tmp_path) == []
    assert lint(f"{BUCKET}\n", cache=tmp_path) == []


def test_upgrade_of_cfn_lint_invalidates_the_cache(tmp_path: Path) -> None:
    """The entry of the cache depends on the version of cfn-lint and on the date of its schemas."""
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
def test_damaged_cache_entry_is_ignored(tmp_path: Path, damage: bytes, keep: int) -> None:
    """An entry that is truncated or overwritten is not used."""
    entry = tmp_path / "entry.json"
    linter_cache.write(entry, [{"line": 1}])
    whole = entry.read_bytes()
    entry.write_bytes(whole[:keep] + damage)
    assert linter_cache.read(entry) in ([[{"line": 1}]] if whole[:keep] + damage == whole else [None])


def test_linting_works_without_a_writable_cache(tmp_path: Path) -> None:
    """If no entry can be stored, linting works as usual."""
    occupied = tmp_path / "file"
    occupied.touch()
    assert [found.rule for found in lint(WRONG, cache=occupied / "folder")] == ["E3002"]
    assert (
        _imported_by(f"from smtemplates.linting.linter import lint; lint({WRONG!r})", XDG_CACHE_HOME=str(occupied))
        == "cfnlint"
    )


def test_cache_keeps_the_newest_entries(tmp_path: Path) -> None:
    """The oldest entries are deleted when there are too many."""
    for number in range(linter_cache.MOST_ENTRIES + 5):
        linter_cache.write(tmp_path / f"{number}.json", [])
    names = {entry.stem for entry in tmp_path.iterdir()}
    assert len(names) == linter_cache.MOST_ENTRIES
    assert str(linter_cache.MOST_ENTRIES + 4) in names

"""Render templates: the same bytes on every machine, the same content in every format, and few bytes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from troposphere import Template

import smtemplates
from smtemplates.core import assemble
from smtemplates.core.assets import read_asset, read_code
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import SECTIONS, ordered
from smtemplates.templates.workspace import template as workspace

ROOT = Path(__file__).parent.parent
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html (1 MB)
STAGED_BYTES = 1_000_000
RENDER = ["-m", "smtemplates", "render", "workspace", "--no-lint", "-o", "-"]

words = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\x85\u2028\u2029\ufeff"), max_size=20
)
awkward = st.sampled_from(
    ["", "no", "Yes", "null", "~", "1e3", "012", "0x1F", "1:30", "2010-09-09", "- a", "a: b", "!Ref A", "{", "*"]
)
scalars = words | awkward | st.integers(-(2**31), 2**31) | st.booleans()
names = st.from_regex("[A-Za-z][A-Za-z0-9]{0,9}", fullmatch=True)
functions = st.sampled_from(["Ref", "Condition", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::Base64", "Fn::Split", "Fn::Not"])
values = st.recursive(
    scalars | st.tuples(names, names).map(lambda pair: {"Fn::GetAtt": list(pair)}),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(names | words, inner, max_size=4)
        | st.tuples(functions, st.lists(inner, min_size=1, max_size=3)).map(lambda pair: {pair[0]: pair[1]})
        | st.tuples(st.sampled_from(["Ref", "Condition", "Fn::Sub", "Fn::Base64"]), names).map(
            lambda pair: {pair[0]: pair[1]}
        )
    ),
    max_leaves=12,
)


@given(
    values,
    st.sampled_from(["lines\nof\ntext\n", "trailing \n\n", "\tindented\n  more\n"])
    | st.tuples(st.sampled_from(["", " ", "  "]), words).map(lambda two: two[0] + "word " * 30 + two[1]),
)
@example("", " " + "word " * 40 + "end")
def test_all_formats_have_the_same_content(value: Any, text: str) -> None:
    """YAML, JSON and compact YAML of any template are read as the template that was built."""
    template = Template()
    template.set_metadata({"Value": value, "Text": text})
    built = ordered(template)
    for written in (
        smtemplates.render(template),
        smtemplates.render(template, format="json"),
        smtemplates.compact(template),
    ):
        assert load(written) == json.loads(json.dumps(built))


def test_sections_are_in_order() -> None:
    """Parameters precede rules, and resources precede outputs."""
    text = smtemplates.render(smtemplates.build())
    assert [line.split(":")[0] for line in text.splitlines() if line[:1].isalpha()] == list(SECTIONS)


def test_scripts_and_documents_are_literal_blocks() -> None:
    """The template contains the function, scripts and SDK configuration line by line."""
    lines = smtemplates.render(smtemplates.build()).splitlines()
    shown = {line.strip() for line in lines}
    assets = ("initializer.py", "notebook_start.sh", "setup.sh", "studio_start.sh", "auto_stop.py")
    for asset in (*assets, "sdk_config.yaml"):
        read = read_code if asset.endswith(".py") else read_asset
        source = read("smtemplates.templates.workspace", asset)
        assert {line.strip() for line in source.splitlines()} <= shown | {""}, asset


def _pythons() -> list[str]:
    """Return the Python interpreters on this machine, of all supported versions."""
    found = [str(path) for path in (Path.home() / ".pyenv" / "versions").glob("3.*/bin/python3")]
    found += filter(None, (shutil.which(f"python3.{minor}") for minor in range(10, 16)))
    return sorted({str(Path(python).resolve()) for python in found if _runs(python)})


def _runs(python: str) -> bool:
    test = [python, "-c", "import sys; sys.exit(sys.version_info < (3, 10))"]
    return subprocess.run(test, capture_output=True, check=False).returncode == 0


def _rendered_by(python: str, seed: str) -> bytes:
    packages = os.pathsep.join([str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))])
    environment = {"PYTHONPATH": packages, "PYTHONHASHSEED": seed, "PATH": os.environ["PATH"]}
    return subprocess.run([python, *RENDER], env=environment, capture_output=True, check=True, cwd="/").stdout


def test_two_processes_write_the_same_bytes() -> None:
    """The output does not depend on the hash seed."""
    assert _rendered_by(sys.executable, "1") == _rendered_by(sys.executable, "2")


def test_every_python_writes_the_same_bytes() -> None:
    """Every Python on this machine, from 3.10, renders the same bytes."""
    expected = smtemplates.render(smtemplates.build()).encode()
    assert [python for python in _pythons() if _rendered_by(python, "3") != expected] == []


def test_committed_template_is_up_to_date() -> None:
    """The template that users download is the template that the code builds."""
    committed = (ROOT / "templates" / "workspace.yaml").read_text(encoding="utf-8")
    assert committed == smtemplates.render(smtemplates.build())


def test_cloudformation_accepts_the_compact_template() -> None:
    """The template is small enough to be staged in a bucket. `pytest -s` shows the bytes of each construct."""
    whole, core = (_bytes(smtemplates.build(without)) for without in ((), smtemplates.FEATURES))
    by_construct = {each.source: _bytes(assemble.assemble("", [each])) for each in workspace.constructs()}
    sys.stderr.write(f"compact template: {whole} bytes, {core} without features, by construct: {by_construct}\n")
    assert core < whole <= STAGED_BYTES


def _bytes(template: Template) -> int:
    return len(smtemplates.compact(template).encode())


def test_yaml_has_no_anchors() -> None:
    """CloudFormation does not support aliases."""
    tokens = yaml.scan(smtemplates.render(smtemplates.build()))
    assert not [token for token in tokens if isinstance(token, yaml.AnchorToken | yaml.AliasToken)]

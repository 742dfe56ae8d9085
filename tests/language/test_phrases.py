"""Check that texts are in plain English: no phrase of phrases.txt in any text that a person reads."""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore
import pytest

from language.helps import help_texts
from language.phrases import HERE, Hit, Phrase, find_hits, read_allowed, read_phrases, read_rows
from language.text import Text
from language.texts import FOLDERS, ROOT, WITHOUT_PROSE, collect, files, reader

PHRASES = read_phrases()
ALLOWED = read_allowed()
# Of 1,000 sentences of the AWS API reference, at most this many may be hits; 1.5 were when this test was written.
MOST_REJECTED_OF_AWS = 3
AWS_SERVICES = ("cloudformation", "servicecatalog", "sns")


@cache
def hits_in(folder: str) -> list[Hit]:
    """Return the phrases in the texts below a folder, which are read once."""
    return list(find_hits(collect(ROOT, (folder,)), PHRASES))


def rejected(found: Iterable[Hit]) -> list[Hit]:
    """Return the phrases that are not allowed."""
    return [hit for hit in found if not hit.advice and not any(row.covers(hit) for row in ALLOWED)]


def rejected_in(texts: Iterable[Text]) -> list[Hit]:
    return rejected(find_hits(texts, PHRASES))


def check(texts: Iterable[Text]) -> None:
    """Fail with one line for each rejected phrase in the texts."""
    check_hits(find_hits(texts, PHRASES))


def check_hits(found: Iterable[Hit]) -> None:
    hits = rejected(found)
    if hits:
        lines = "\n".join(str(hit) for hit in hits)
        pytest.fail(f"{len(hits)} phrases that tests/language/phrases.txt rejects:\n{lines}", pytrace=False)


@pytest.mark.parametrize("folder", FOLDERS)
def test_texts_are_in_plain_english(folder: str) -> None:
    """No text, docstring or comment below the folder contains a rejected phrase."""
    check_hits(hits_in(folder))


def test_every_allowed_sentence_occurs() -> None:
    """Each row of allowed.txt is needed: its sentence occurs and contains the phrase."""
    hits = [hit for folder in FOLDERS for hit in hits_in(folder)]
    assert not [row for row in ALLOWED if not any(row.covers(hit) for hit in hits)]


@pytest.mark.slow
def test_help_texts_are_in_plain_english() -> None:
    """No help text of a command or subcommand contains a rejected phrase."""
    check(help_texts(ROOT))


def test_every_file_is_read_or_known_to_have_no_prose() -> None:
    """Each file below the folders has a reader, so a new kind of file cannot hide a text."""
    assert not [path for path in files(ROOT) if path.suffix not in WITHOUT_PROSE and reader(path) is None]


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda phrase: phrase.bad[0])
def test_examples_of_a_row_match(phrase: Phrase) -> None:
    """A row finds its bad examples and does not find its good ones, in every kind of text that it is for."""
    for kind in phrase.kinds or {"message"}:
        assert not [bad for bad in phrase.bad if not list(phrase.search(Text("here", kind, bad)))]
        assert not [good for good in phrase.good if list(phrase.search(Text("here", kind, good)))]


@pytest.mark.parametrize("row", read_rows(HERE / "examples.txt"), ids=lambda row: row["before"][0][:40])
def test_rewritten_sentences_pass(row: dict[str, list[str]]) -> None:
    """Sentences of the first release are rejected, and their rewritten versions pass."""
    kind = row["kind"][0]
    assert rejected_in([Text("here", kind, row["before"][0])])
    assert not rejected_in([Text("here", kind, row["after"][0])])


@pytest.mark.slow
def test_aws_documentation_passes() -> None:
    """Nearly all sentences of the AWS API reference pass, so the list does not reject ordinary English."""
    data = Path(botocore.__file__).parent / "data"
    models = [path for name in AWS_SERVICES for path in sorted((data / name).glob("*/service-2.json.gz"))[-1:]]
    texts = [
        Text("AWS", "description", plain_text(text))
        for path in models
        for text in documentation(json.loads(gzip.decompress(path.read_bytes())))
    ]
    sentences = sum(len(text.sentences()) for text in texts)
    hits = {(hit.sentence, hit.words) for hit in find_hits(texts, PHRASES) if not hit.advice}
    assert sentences > 3_000
    assert 1_000 * len(hits) <= MOST_REJECTED_OF_AWS * sentences, "\n".join(map(str, hits))


def documentation(model: Any) -> Iterator[str]:
    """Yield the documentation texts of a service model."""
    if isinstance(model, dict):
        for key, value in model.items():
            if key == "documentation" and isinstance(value, str):
                yield value
            else:
                yield from documentation(value)
    elif isinstance(model, list):
        for value in model:
            yield from documentation(value)


def plain_text(text: str) -> str:
    """Return HTML as text, with an empty line after each paragraph and item."""
    return html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"</(?:p|li|ul|note|important)>", "\n\n", text)))


def test_a_planted_sentence_is_found_in_every_kind_of_file(tmp_path: Path) -> None:
    """A rejected sentence is found in each place that a person reads, and its line names place, phrase and advice."""
    for name, content in PLANTED.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    hits = rejected_in(collect(tmp_path))
    assert [(hit.place, hit.sentence) for hit in hits] == FOUND
    assert str(hits[0]) == "smtemplates/deep/module.py:1: 'mended' in: It was mended. -> \"fix\""
    with pytest.raises(pytest.fail.Exception, match=rf"{len(FOUND)} phrases .*\n{re.escape(str(hits[0]))}\n"):
        check(collect(tmp_path))


def test_planted_help_text_is_found(tmp_path: Path) -> None:
    """Help texts of commands and of commands below them are read as users see them."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "tool.py").write_text(TOOL, encoding="utf-8")
    assert {(hit.place, hit.sentence) for hit in rejected_in(help_texts(tmp_path))} == {
        ("--help of scripts/tool.py", "A tool that has mended files."),
        ("--help of scripts/tool.py", "A mended list."),
        ("--help of scripts/tool.py list", "A mended list."),
        ("--help of scripts/tool.py list", "Number of mended files."),
        ("--help of scripts/tool.py list all", "All mended files."),
    }


def test_an_unused_or_incomplete_row_is_an_error(tmp_path: Path) -> None:
    """Rows with unknown, missing or repeated fields are errors, so no row is silently ignored."""
    path = tmp_path / "rows.txt"
    path.write_text("find: a\nwrite: b\nbad: a\n", encoding="utf-8")
    with pytest.raises(ValueError, match="missing field"):
        read_phrases(path)
    path.write_text("sentence: a\nwords: a\n", encoding="utf-8")
    with pytest.raises(ValueError, match="missing or repeated field"):
        read_allowed(path)


PLANTED = {
    "smtemplates/deep/module.py": (
        '"""A module.\n\nIt was mended.\n"""\n\nNAME = "x"\n\n\n'
        'def text(name: str) -> str:\n    """Return a mended text."""\n'
        '    # This line was mended.\n    return f"{name} was mended " + "at once"  # noqa: X1 mended too\n'
    ),
    "smtemplates/deep/assets/page.html": (
        "<html><title>All mended</title>\n<script>const a = `${x} was mended`; // mended here\n</script>\n"
        '<p title="It is mended">One\nmended thing</p></html>\n'
    ),
    "smtemplates/deep/assets/run.sh": '# It was mended.\necho "$name was mended"\n',
    "smtemplates/deep/rules.guard": "rule a { b exists <<It was mended.>> }\n# mended\n",
    "scripts/tool": '#!/bin/sh\nprintf "%s was mended" "$1"\n',
    "templates/README.md": (
        "# Mended\n\n| a | mended cell |\n|---|---|\n\n- an item\n  mended here\n\n```\nmended\n```\n"
    ),
    "templates/stack.yaml": (
        "Parameters:\n  A:\n    Description: A mended name.\n    ConstraintDescription: must be mended\n"
        "Metadata:\n  AWS::CloudFormation::Interface:\n    ParameterLabels:\n      A: {default: Mended?}\n"
        "Rules:\n  R:\n    Assertions:\n      - Assert: !Equals [!Ref A, b]\n        AssertDescription: A is mended.\n"
        "Resources:\n  Alarm:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n"
        "      AlarmDescription: !Sub '${A} was mended'\n"
        "Outputs:\n  O: {Description: Name of the mended thing, Value: !Ref A}\n"
    ),
    "tests/test_tool.py": 'def test_tool() -> None:\n    """The tool is mended."""\n    assert "it was mended"\n',
}
FOUND = [
    ("smtemplates/deep/module.py:1", "It was mended."),
    ("smtemplates/deep/module.py:10", "Return a mended text."),
    ("smtemplates/deep/module.py:12", "X was mended at once"),
    ("smtemplates/deep/module.py:11", "This line was mended."),
    ("smtemplates/deep/module.py:12", "mended too"),
    ("smtemplates/deep/rules.guard:1", "It was mended."),
    ("smtemplates/deep/rules.guard:2", "mended"),
    ("smtemplates/deep/assets/page.html:1", "All mended"),
    ("smtemplates/deep/assets/page.html:2", "X was mended"),
    ("smtemplates/deep/assets/page.html:2", "mended here"),
    ("smtemplates/deep/assets/page.html:4", "It is mended"),
    ("smtemplates/deep/assets/page.html:4", "One mended thing"),
    ("smtemplates/deep/assets/run.sh:1", "It was mended."),
    ("smtemplates/deep/assets/run.sh:2", "X was mended"),
    ("scripts/tool:2", "%s was mended"),
    ("templates/README.md:1", "Mended"),
    ("templates/README.md:3", "mended cell"),
    ("templates/README.md:6", "an item mended here"),
    ("templates/stack.yaml Parameters.A.Description", "A mended name."),
    ("templates/stack.yaml Parameters.A.ConstraintDescription", "must be mended"),
    ("templates/stack.yaml Metadata.AWS::CloudFormation::Interface.ParameterLabels.A.default", "Mended?"),
    ("templates/stack.yaml Metadata.AWS::CloudFormation::Interface.ParameterLabels.A.default", "Mended?"),
    ("templates/stack.yaml Rules.R.Assertions[0].AssertDescription", "A is mended."),
    ("templates/stack.yaml Resources.Alarm.Properties.AlarmDescription", "X was mended"),
    ("templates/stack.yaml Outputs.O.Description", "Name of the mended thing"),
    ("tests/test_tool.py:2", "The tool is mended."),
]
TOOL = """
import argparse

parser = argparse.ArgumentParser(description="A tool that has mended files.")
commands = parser.add_subparsers(required=True)
listing = commands.add_parser("list", help="A mended list.", description="A mended list.")
listing.add_argument("--most", metavar="N", help="Number of mended files.")
listing.add_subparsers().add_parser("all", description="All mended files.")
parser.parse_args()
"""

"""Run the examples of the page about the library, also those that need an account, on the local cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploying.local_aws import Aws
from examples import run_examples

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python-api.md"


def test_all_examples_work(aws: Aws, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The examples plan, deploy and delete a stack."""
    monkeypatch.chdir(tmp_path)
    for key, value in {**aws.credentials, "AWS_ENDPOINT_URL": aws.url}.items():
        monkeypatch.setenv(key.upper(), value)
    page = PAGE.read_text(encoding="utf-8")
    for code in ('stack="{}"', 'cloud, "{}"'):
        page = page.replace(code.format("churn"), code.format(name))
    assert run_examples(page)[0] == 0
    assert aws.status(name) is None

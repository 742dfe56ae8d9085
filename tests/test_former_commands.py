"""The commands of version 0.1.0 are accepted by the programs of today, with at most one line about a former name."""

from __future__ import annotations

import pytest
from docs.text import PROGRAMS

from smtemplates.console import deprecation

SMTEMPLATES, DEPLOY, PUBLISH, LOCAL = "smtemplates", "deploy.py", "publish.py", "local_cloud.py"
FORMER = [
    (SMTEMPLATES, "render workspace -o - --format json --no-lint --without studio", 0),
    (SMTEMPLATES, "render --check --region eu-west-1,us-east-1 --policy mine.guard --no-policy --no-cache", 0),
    (SMTEMPLATES, "render --all-regions", 0),
    (SMTEMPLATES, "lint a.yaml b.yaml --strict", 0),
    (SMTEMPLATES, "explore -o page.html", 0),
    (SMTEMPLATES, "reference --check", 0),
    (DEPLOY, "plan churn --template a.yaml --set A=b --keep --json", 1),
    (DEPLOY, "deploy churn --parameters a.yaml --tag a=b --staging-bucket b --yes --no-wait", 0),
    (DEPLOY, "deploy churn --change-set arn --template-digest 0 --yes --timeout 5", 0),
    (DEPLOY, "status churn --watch --json", 0),
    (DEPLOY, "outputs churn --env", 0),
    (DEPLOY, "drift churn --detailed-exitcode", 0),
    (DEPLOY, "rollback churn --skip A,B.C --yes", 0),
    (DEPLOY, "destroy churn --delete-data --confirm churn --region eu-west-1", 0),
    (PUBLISH, "version 1.0.0 --product prod-1 --staging-bucket b --keep 2 --yes", 1),
    (PUBLISH, "versions --catalog c --json", 0),
    (PUBLISH, "prune --catalog c --delete --plan", 0),
    (PUBLISH, "link --staging-bucket b --region eu-west-1 us-east-1 --markdown", 1),
    (LOCAL, "start --port 4566", 0),
    (LOCAL, "stop", 0),
]


@pytest.mark.parametrize(("name", "words", "lines"), FORMER, ids=str)
def test_former_command_is_accepted(
    name: str, words: str, lines: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each former option and value is parsed, and selects a command that exists."""
    monkeypatch.setattr(deprecation, "_reported", set())
    assert PROGRAMS[name].parse_args(words.split()).run.startswith("smtemplates.cli.")
    err = capsys.readouterr().err
    assert err.count("\n") <= lines
    assert err.count("The old name works until version 0.3.") == err.count("\n")

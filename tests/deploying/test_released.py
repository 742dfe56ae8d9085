"""Updates of complete stacks of the last release to the current templates, as `scripts/release check` makes them.

The release check also updates the stacks of the other templates.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import release
import release_notes
import tomli
from release_changes import Change, undocumented
from release_updates import Update, created_ids, update

from deploying.local_aws import Aws

VERSION = release_notes.package_version(release.ROOT)
LAST = release.last_release(release.ROOT, VERSION)
FULL = tomli.loads((LAST.parent / "full.toml").read_text("utf-8"))
# Policies whose statements are in other policies now.
MERGED = ("HostingPolicy", "NetworkPolicy", "TrackingPolicy")
TOPIC = """\
Metadata:
  smtemplates:
    Release: {release}
Parameters: {{}}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: {name}
"""
Run = Callable[[Path, Path, dict[str, str]], Update]


@pytest.fixture
def run(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that updates a complete stack from one template to another."""
    for key, value in {**aws.environment, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(key, value)
    created = created_ids(aws.url)

    def updated(old: Path, new: Path, full: dict[str, str]) -> Update:
        values = {name: created.get(value, value) for name, value in full.items()}
        return update(aws.url, old, new, values, scratch=tmp_path)

    return updated


def test_update_of_a_complete_stack_replaces_nothing(run: Run, aws: Aws) -> None:
    """The plan deletes only merged policies, which the changelog names, and all other physical IDs stay the same."""
    name = "workspace.yaml"
    done = run(LAST / name, release.ROOT / "templates" / name, FULL["workspace"])
    changes = done.changes("workspace")
    assert [change.name for change in sorted(changes)] == list(MERGED), changes
    assert undocumented(changes, release_notes.section(release.ROOT, VERSION).duties) == []
    assert {"Notebook", "Domain", "UserProfile5", "MlflowApp", "Endpoint", "ModelPackageGroup"} <= done.before.keys()
    assert done.release_changes_nothing
    logs = aws.client("logs").describe_log_groups(logGroupNamePrefix="/aws/sagemaker/TrainingJobs")["logGroups"]
    assert [group["retentionInDays"] for group in logs] == [30]


def test_a_replacement_is_a_breaking_change(run: Run, tmp_path: Path, name: str) -> None:
    """A replaced resource is listed. A different release in the Metadata alone changes nothing."""
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(TOPIC.format(name=name, release="0.1.0"))
    new.write_text(TOPIC.format(name=f"{name}-2", release="0.2.0"))
    done = run(old, new, {})
    assert done.changes("small") == [Change("small", "Topic", "is replaced")]
    assert done.release_changes_nothing

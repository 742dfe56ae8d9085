"""Publication of versions with the real script: a version never changes, and replaces older ones."""

from __future__ import annotations

import hashlib
import json

import pytest

from publishing.conftest import BUCKET, Publisher, template_of
from smtemplates.local_cloud.service_catalog import RefusedError


def test_template_is_published_from_the_staging_bucket(publisher: Publisher) -> None:
    """A template becomes a version that AWS reads from the staging bucket, under the hash of its content."""
    done = publisher.publish("1.0.0", "--description", "The first", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    made = publisher.catalog.products[publisher.product][0]
    assert (result["id"], result["changed"], result["sha256"][:8] in made["Description"]) == (made["Id"], True, True)
    assert result["schema"] == 1
    assert made["Description"].startswith("The first (sha256:")
    staged = publisher.aws.client("s3").get_object(Bucket=BUCKET, Key=made["url"].split(f"/{BUCKET}/")[1])
    assert json.loads(staged["Body"].read()) == template_of()


def test_different_object_under_the_hash_is_rejected(publisher: Publisher) -> None:
    """If a different object has the key of the template, it is neither published nor overwritten."""
    arguments = publisher.arguments("1.0.0", "--yes", size="poisoned")
    digest = hashlib.sha256((publisher.folder / "template.json").read_bytes()).hexdigest()
    place = {"Bucket": BUCKET, "Key": f"smtemplates/{digest}.template"}
    s3 = publisher.aws.client("s3")
    s3.put_object(**place, Body=b"{}")
    done = publisher.run(*arguments)
    assert (done.returncode, publisher.catalog.products[publisher.product]) == (1, []), done.stderr
    assert "does not match the SHA-256 in its key" in done.stderr
    assert s3.get_object(**place)["Body"].read() == b"{}"
    s3.delete_object(**place)
    assert publisher.run(*arguments).returncode == 0


def test_repeating_a_publication_changes_nothing(publisher: Publisher) -> None:
    """Publishing the same template again succeeds without a change."""
    publisher.publish("1.0.0")
    before = publisher.states()
    publisher.catalog.spoil(None)
    done = publisher.publish("1.0.0", "--json")
    assert (done.returncode, json.loads(done.stdout)["changed"], publisher.states()) == (0, False, before)
    assert "no change" in done.stderr
    assert not {call for call in publisher.catalog.calls if not call.startswith(("List", "Describe"))}


def test_content_of_a_version_never_changes(publisher: Publisher) -> None:
    """A different template under an existing name is rejected."""
    publisher.publish("1.0.0")
    done = publisher.publish("1.0.0", size="2")
    assert (done.returncode, publisher.states()) == (2, {"1.0.0": "default"})
    assert "publish this template under a new version" in done.stderr


def test_version_without_a_hash_is_not_replaced(publisher: Publisher) -> None:
    """A version that was not created by publish.py is not replaced either."""
    publisher.catalog.add(publisher.product, "1.0.0", "created by a stack")
    done = publisher.publish("1.0.0")
    assert (done.returncode, "does not contain the hash of its content" in done.stderr) == (2, True)


def test_newest_versions_remain_available(publisher: Publisher) -> None:
    """The newest N versions remain available, in the order of their names and not of their creation."""
    publisher.catalog.add(publisher.product, "initial")
    for number, version in enumerate(["1.9.0", "1.10.0", "1.8.1"]):
        assert publisher.publish(version, "--keep-versions", "3", size=str(number)).returncode == 0
    assert publisher.states() == dict.fromkeys(["initial", "1.9.0", "1.10.0", "1.8.1"], "default")
    assert publisher.publish("2.0", "--keep-versions", "2", size="9").returncode == 0
    assert publisher.states() == {
        "2.0": "default",
        "1.10.0": "default",
        "1.9.0": "deprecated",
        "1.8.1": "deprecated",
        "initial": "deprecated",
    }


def test_former_name_of_the_option_is_reported(publisher: Publisher) -> None:
    """--keep has the effect of --keep-versions, with one line that names the new option."""
    publisher.publish("1.0.0")
    done = publisher.publish("1.1.0", "--keep", "2", size="2")
    assert publisher.states() == {"1.0.0": "default", "1.1.0": "default"}
    assert "--keep is now --keep-versions. The old name works until version" in done.stderr


def test_older_version_is_published_with_a_note(publisher: Publisher) -> None:
    """An older version is published with a note about a newer release. A pre-release is not a newer release."""
    publisher.publish("1.0.0")
    publisher.publish("1.2.0", "--keep-versions", "2", size="2")
    publisher.publish("2.0.0-rc.1", size="3")
    planned = publisher.run(*publisher.arguments("1.1.0", "--plan", size="4"))
    assert "note: version 1.2.0 is newer, and remains available" in planned.stdout
    assert publisher.publish("1.1.0", size="4").returncode == 0
    assert publisher.states() == {
        "1.0.0": "deprecated",
        "1.1.0": "default",
        "1.2.0": "default",
        "2.0.0-rc.1": "default",
    }
    assert "is newer" not in publisher.run(*publisher.arguments("1.3.0", "--plan", size="5")).stdout


def test_prerelease_does_not_replace_a_release(publisher: Publisher) -> None:
    """A pre-release replaces no release, and can become the release without a change."""
    publisher.publish("1.0.0")
    publisher.publish("2.0.0-rc.1", size="2")
    assert publisher.states() == {"1.0.0": "default", "2.0.0-rc.1": "default"}
    done = publisher.publish("2.0.0", size="2")
    assert publisher.states() == {"1.0.0": "deprecated", "2.0.0-rc.1": "deprecated", "2.0.0": "default"}, done.stderr


def test_rollback_needs_a_new_version(publisher: Publisher) -> None:
    """A deprecated version cannot be published again, but its template can under a new version."""
    publisher.publish("1.0.0")
    publisher.publish("1.1.0", size="2")
    done = publisher.publish("1.0.0")
    assert (done.returncode, "is deprecated, and is not made available again" in done.stderr) == (2, True), done.stderr
    assert publisher.states() == {"1.0.0": "deprecated", "1.1.0": "default"}
    done = publisher.publish("1.2.0")
    assert done.returncode == 0, done.stderr
    assert publisher.states() == {"1.0.0": "deprecated", "1.1.0": "deprecated", "1.2.0": "default"}


@pytest.mark.parametrize(
    ("size", "parameter", "reason"),
    [("1", {"Description": "Reworded"}, "only descriptions or metadata"), ("1", {}, "is identical to version 1.0.0")],
)
def test_template_without_a_new_effect_is_not_published(
    publisher: Publisher, size: str, parameter: dict[str, str], reason: str
) -> None:
    """A template without a new effect is published only with --even-if-cosmetic."""
    publisher.publish("1.0.0")
    done = publisher.publish("1.0.1", size=size, **parameter)
    assert (done.returncode, reason in done.stderr, publisher.states()) == (0, True, {"1.0.0": "default"})
    done = publisher.publish("1.0.1", "--even-if-cosmetic", size=size, **parameter)
    assert (done.returncode, publisher.states()) == (0, {"1.0.0": "deprecated", "1.0.1": "default"})


def test_plan_changes_nothing(publisher: Publisher) -> None:
    """A plan shows each step, and makes only calls that read."""
    publisher.publish("1.0.0")
    publisher.catalog.spoil(None)
    done = publisher.run(*publisher.arguments("1.1.0", "--plan", size="2"))
    assert (done.returncode, publisher.catalog.calls) == (
        0,
        ["ListProvisioningArtifacts", "DescribeProvisioningArtifact"],
    )
    assert "+ 1.1.0" in done.stdout
    assert "~ 1.0.0  deprecated" in done.stdout


def test_confirmation_is_required(publisher: Publisher) -> None:
    """Without a terminal and without --yes nothing is published."""
    done = publisher.run(*publisher.arguments("1.0.0"))
    assert (done.returncode, publisher.states()) == (2, {})
    assert "--yes" in done.stderr


def test_staging_bucket_is_required(publisher: Publisher) -> None:
    """Without a staging bucket nothing is published, and the message names both options."""
    arguments = [one for one in publisher.arguments("1.0.0", "--yes") if one not in ("--staging-bucket", BUCKET)]
    done = publisher.run(*arguments)
    assert (done.returncode, publisher.states()) == (2, {})
    assert "--create-staging-bucket" in done.stderr


def test_failed_version_is_replaced(publisher: Publisher) -> None:
    """After a failure in AWS the older version remains available, and the same command tries again."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 2
    for _ in range(2):
        done = publisher.publish("1.1.0", size="2")
        assert (done.returncode, "could not create version 1.1.0" in done.stderr) == (1, True)
        assert publisher.states() == {"1.0.0": "default", "1.1.0": "default"}
    assert publisher.publish("1.1.0", size="2").returncode == 0
    assert publisher.states() == {"1.0.0": "deprecated", "1.1.0": "default"}
    assert {one["status"] for one in publisher.catalog.products[publisher.product]} == {"AVAILABLE"}


def test_missing_permission_to_delete_is_reported_last(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a failed attempt cannot be deleted, this is reported after the new version is available."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish("1.1.0", size="2")

    def denied(**_arguments: str) -> dict[str, str]:
        raise RefusedError("AccessDeniedException", "You are not allowed.")

    monkeypatch.setattr(publisher.catalog, "delete_provisioning_artifact", denied)
    done = publisher.publish("1.1.0", size="2")
    assert (done.returncode, "DeleteProvisioningArtifact is not allowed" in done.stderr) == (1, True), done.stderr
    found = [(one["Name"], one["status"], one["Guidance"]) for one in publisher.catalog.products[publisher.product]]
    assert found == [
        ("1.0.0", "AVAILABLE", "DEPRECATED"),
        ("1.1.0", "FAILED", "DEFAULT"),
        ("1.1.0", "AVAILABLE", "DEFAULT"),
    ]


@pytest.mark.parametrize("name", ["1.1.0", "v1.1"])
def test_failed_version_can_be_corrected(publisher: Publisher, name: str) -> None:
    """After a failure a corrected template can be published under the same name."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish(name, size="2")
    done = publisher.publish("1.1.0", size="3")
    assert (done.returncode, publisher.states()) == (0, {"1.0.0": "deprecated", "1.1.0": "default"}), done.stderr


def test_failed_version_is_not_one_of_the_newest(publisher: Publisher) -> None:
    """A failed version does not count as one of the newest N versions."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish("1.1.0", size="2")
    publisher.publish("1.2.0", "--keep-versions", "2", size="3")
    assert publisher.states() == {"1.0.0": "default", "1.1.0": "deprecated", "1.2.0": "default"}


def test_newer_failed_version_is_ignored(publisher: Publisher) -> None:
    """A failed version is neither reported as newer nor compared with the template."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish("2.0.0", size="2")
    assert "is newer" not in publisher.run(*publisher.arguments("1.1.0", "--plan", size="3")).stdout
    done = publisher.publish("2.1.0")
    assert "is identical to version 1.0.0" in done.stderr


def test_template_of_a_failed_version_can_be_published(publisher: Publisher) -> None:
    """A template that failed under one name can be published under a different name."""
    publisher.catalog.fails = 1
    publisher.publish("1.0.0")
    done = publisher.publish("1.0.1")
    assert (done.returncode, publisher.states()["1.0.1"]) == (0, "default"), done.stderr


def test_timeout(publisher: Publisher) -> None:
    """After the timeout the creation continues in AWS, and the same command completes the publication."""
    publisher.catalog.polls = 4
    done = publisher.publish("1.0.0", "--timeout", "0.01")
    assert (done.returncode, "is still CREATING" in done.stderr) == (5, True)
    assert publisher.publish("1.0.0").returncode == 0
    assert publisher.states() == {"1.0.0": "default"}


def test_second_spelling_of_a_version_is_rejected(publisher: Publisher) -> None:
    """A version cannot be published under a second spelling of its name."""
    publisher.publish("v1.4")
    done = publisher.publish("1.4.0", size="2")
    assert (done.returncode, "already exists as v1.4" in done.stderr) == (2, True)


def test_quota_is_reported(publisher: Publisher) -> None:
    """A product near its quota is reported in the plan and when AWS rejects a version, with what to do."""
    publisher.catalog.quota = 90
    for number in range(90):
        publisher.catalog.add(publisher.product, f"0.{number}")
    planned = publisher.run(*publisher.arguments("1.0.0", "--plan"))
    assert "has 90 versions; the default quota is 100" in planned.stdout
    done = publisher.publish("1.0.0")
    assert done.returncode == 1
    assert "publish.py prune" in done.stderr


def test_product_is_found_by_the_output_of_a_stack(publisher: Publisher) -> None:
    """--catalog finds the product by the output of the stack."""
    output = {"ProductId": {"Value": publisher.product}}
    publisher.aws.client("cloudformation").create_stack(
        StackName=publisher.product, TemplateBody=json.dumps({**template_of(), "Outputs": output})
    )
    publisher.catalog.add(publisher.product, "1.0.0")
    done = publisher.run("versions", "--catalog", publisher.product)
    assert (done.returncode, "1.0.0" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (["--product", "prod-none"], "product prod-none does not exist in us-east-1"),
        (["--product", "prod none"], "is not the ID of a product"),
        (["--catalog", "none"], "Stack none does not exist"),
    ],
)
def test_missing_product_is_reported(publisher: Publisher, place: list[str], message: str) -> None:
    """A missing product is reported in the terms in which it was specified."""
    done = publisher.run("versions", *place)
    assert (done.returncode in (1, 2), message in done.stderr) == (True, True), done.stderr


def test_versions_are_listed(publisher: Publisher) -> None:
    """The list shows the state and the number of uses of each version, across several pages."""
    publisher.publish("1.0.0")
    publisher.publish("1.1.0", size="2")
    old = publisher.catalog.products[publisher.product][0]
    for _ in range(5):
        publisher.catalog.provision(publisher.product, old)
    found = json.loads(publisher.run("versions", "--product", publisher.product, "--json").stdout)
    assert [(one["name"], one["guidance"], one["in_use_by"]) for one in found] == [
        ("1.1.0", "DEFAULT", 0),
        ("1.0.0", "DEPRECATED", 5),
    ]
    lines = publisher.run("versions", "--product", publisher.product).stdout.splitlines()
    assert lines[2].split()[0] == "1.0.0"
    assert lines[2].endswith(f"deprecated  {found[1]['sha256'][:12]}  5")


def test_failed_version_is_listed_as_failed(publisher: Publisher) -> None:
    """The list shows a version whose creation failed as failed, and not as available."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish("1.1.0", size="2")
    place = ("versions", "--product", publisher.product)
    assert [line.split()[2] for line in publisher.run(*place).stdout.splitlines()] == ["STATE", "failed", "available"]
    assert [one["failed"] for one in json.loads(publisher.run(*place, "--json").stdout)] == [True, False]


def test_prune(publisher: Publisher) -> None:
    """Unused deprecated versions are deactivated, and inactive ones are deleted only with --delete."""
    catalog, product = publisher.catalog, publisher.product
    for name in ("1.0", "1.1", "1.2"):
        catalog.add(product, name, Guidance="DEPRECATED")
    catalog.add(product, "1.3")
    catalog.provision(product, catalog.products[product][1])
    place = ("--product", product)
    planned = publisher.run("prune", *place, "--plan")
    assert ("1.0  pa-" in planned.stdout, "1.1  pa-" in planned.stdout) == (True, False)
    assert set(publisher.states().values()) == {"default", "deprecated"}
    assert publisher.run("prune", *place).returncode == 2
    assert publisher.run("prune", *place, "--yes").returncode == 0
    kept = {"1.1": "deprecated", "1.3": "default"}
    assert publisher.states() == {"1.0": "inactive deprecated", "1.2": "inactive deprecated", **kept}
    assert "nothing to prune" in publisher.run("prune", *place, "--yes").stderr
    assert "published under their names" not in planned.stdout
    done = publisher.run("prune", *place, "--delete", "--yes", "--json")
    assert "a different template can be published under their names" in done.stderr
    result = json.loads(done.stdout)
    assert ([one["name"] for one in result["delete"]], result["schema"]) == (["1.2", "1.0"], 1)
    assert publisher.states() == kept

"""A version is published once, stays what it is, and takes the place of older ones; by the real script."""

from __future__ import annotations

import hashlib
import json

import pytest

from publishing.conftest import BUCKET, Publisher, template_of
from publishing.service_catalog import RefusedError


def test_first_version(publisher: Publisher) -> None:
    """A template becomes a version that AWS reads from the staging bucket, under the hash of its content."""
    done = publisher.publish("1.0.0", "--description", "The first", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    made = publisher.catalog.products[publisher.product][0]
    assert (told["id"], told["changed"], told["sha256"][:8] in made["Description"]) == (made["Id"], True, True)
    assert made["Description"].startswith("The first (sha256:")
    staged = publisher.aws.client("s3").get_object(Bucket=BUCKET, Key=made["url"].split(f"/{BUCKET}/")[1])
    assert json.loads(staged["Body"].read()) == template_of()


def test_nothing_else_is_published_under_a_templates_hash(publisher: Publisher) -> None:
    """Where somebody has put something else under the template's hash, it is neither published nor overwritten."""
    arguments = publisher.arguments("1.0.0", "--yes", size="poisoned")
    digest = hashlib.sha256((publisher.folder / "template.json").read_bytes()).hexdigest()
    place = {"Bucket": BUCKET, "Key": f"smtemplates/{digest}.template"}
    s3 = publisher.aws.client("s3")
    s3.put_object(**place, Body=b"{}")
    done = publisher.run(*arguments)
    assert (done.returncode, publisher.catalog.products[publisher.product]) == (1, []), done.stderr
    assert "is not the template whose hash it bears" in done.stderr
    assert s3.get_object(**place)["Body"].read() == b"{}"
    s3.delete_object(**place)
    assert publisher.run(*arguments).returncode == 0


def test_same_again(publisher: Publisher) -> None:
    """Publishing the same again changes nothing, and is no failure."""
    publisher.publish("1.0.0")
    before = publisher.states()
    publisher.catalog.spoil(None)
    done = publisher.publish("1.0.0", "--json")
    assert (done.returncode, json.loads(done.stdout)["changed"], publisher.states()) == (0, False, before)
    assert "no change" in done.stderr
    assert not {call for call in publisher.catalog.calls if not call.startswith(("List", "Describe"))}


def test_same_name_other_content(publisher: Publisher) -> None:
    """What is published under a name is never changed: another content is refused, with both hashes."""
    publisher.publish("1.0.0")
    done = publisher.publish("1.0.0", size="2")
    assert (done.returncode, publisher.states()) == (2, {"1.0.0": "default"})
    assert "publish this template under a new version" in done.stderr


def test_unknown_content(publisher: Publisher) -> None:
    """A version that something else made, such as the catalog's first, is not overwritten either."""
    publisher.catalog.add(publisher.product, "1.0.0", "made by a stack")
    done = publisher.publish("1.0.0")
    assert (done.returncode, "does not say of which content" in done.stderr) == (2, True)


def test_older_ones_are_deprecated(publisher: Publisher) -> None:
    """The newest N stay on offer, by their names and not by when they were made."""
    publisher.catalog.add(publisher.product, "initial")
    for number, version in enumerate(["1.9.0", "1.10.0", "1.8.1"]):
        assert publisher.publish(version, "--keep", "3", size=str(number)).returncode == 0
    assert publisher.states() == dict.fromkeys(["initial", "1.9.0", "1.10.0", "1.8.1"], "default")
    assert publisher.publish("2.0", "--keep", "2", size="9").returncode == 0
    assert publisher.states() == {
        "2.0": "default",
        "1.10.0": "default",
        "1.9.0": "deprecated",
        "1.8.1": "deprecated",
        "initial": "deprecated",
    }


def test_older_than_the_newest(publisher: Publisher) -> None:
    """Beside a newer release an older one is offered, and whoever publishes it is told; a candidate is none."""
    publisher.publish("1.0.0")
    publisher.publish("1.2.0", "--keep", "2", size="2")
    publisher.publish("2.0.0-rc.1", size="3")
    planned = publisher.run(*publisher.arguments("1.1.0", "--plan", size="4"))
    assert "note: version 1.2.0 is newer, and is offered too" in planned.stdout
    assert publisher.publish("1.1.0", size="4").returncode == 0
    assert publisher.states() == {
        "1.0.0": "deprecated",
        "1.1.0": "default",
        "1.2.0": "default",
        "2.0.0-rc.1": "default",
    }
    assert "is newer" not in publisher.run(*publisher.arguments("1.3.0", "--plan", size="5")).stdout


def test_what_comes_before_a_release(publisher: Publisher) -> None:
    """A release candidate takes no release away, and becomes the release without a change."""
    publisher.publish("1.0.0")
    publisher.publish("2.0.0-rc.1", size="2")
    assert publisher.states() == {"1.0.0": "default", "2.0.0-rc.1": "default"}
    done = publisher.publish("2.0.0", size="2")
    assert publisher.states() == {"1.0.0": "deprecated", "2.0.0-rc.1": "deprecated", "2.0.0": "default"}, done.stderr


def test_going_back(publisher: Publisher) -> None:
    """An older version is not offered again, whoever asks is told so; its template is, as a newer version."""
    publisher.publish("1.0.0")
    publisher.publish("1.1.0", size="2")
    done = publisher.publish("1.0.0")
    assert (done.returncode, "is deprecated, and is not offered again" in done.stderr) == (2, True), done.stderr
    assert publisher.states() == {"1.0.0": "deprecated", "1.1.0": "default"}
    done = publisher.publish("1.2.0")
    assert done.returncode == 0, done.stderr
    assert publisher.states() == {"1.0.0": "deprecated", "1.1.0": "deprecated", "1.2.0": "default"}


@pytest.mark.parametrize(
    ("size", "parameter", "why"),
    [("1", {"Description": "Reworded"}, "only descriptions or metadata"), ("1", {}, "byte for byte")],
)
def test_cosmetic_changes(publisher: Publisher, size: str, parameter: dict[str, str], why: str) -> None:
    """Where nothing has an effect, that is said, and published only if asked."""
    publisher.publish("1.0.0")
    done = publisher.publish("1.0.1", size=size, **parameter)
    assert (done.returncode, why in done.stderr, publisher.states()) == (0, True, {"1.0.0": "default"})
    done = publisher.publish("1.0.1", "--even-if-cosmetic", size=size, **parameter)
    assert (done.returncode, publisher.states()) == (0, {"1.0.0": "deprecated", "1.0.1": "default"})


def test_plan_changes_nothing(publisher: Publisher) -> None:
    """A plan shows every step, and makes no call that changes anything."""
    publisher.publish("1.0.0")
    publisher.catalog.spoil(None)
    done = publisher.run(*publisher.arguments("1.1.0", "--plan", size="2"))
    assert (done.returncode, publisher.catalog.calls) == (
        0,
        ["ListProvisioningArtifacts", "DescribeProvisioningArtifact"],
    )
    assert "+ 1.1.0" in done.stdout
    assert "~ 1.0.0  deprecated" in done.stdout


def test_nobody_to_ask(publisher: Publisher) -> None:
    """Without a terminal and without --yes nothing is done."""
    done = publisher.run(*publisher.arguments("1.0.0"))
    assert (done.returncode, publisher.states()) == (2, {})
    assert "--yes" in done.stderr


def test_no_bucket(publisher: Publisher) -> None:
    """Without a staging bucket nothing is made, and both ways to one are named."""
    arguments = [one for one in publisher.arguments("1.0.0", "--yes") if one not in ("--staging-bucket", BUCKET)]
    done = publisher.run(*arguments)
    assert (done.returncode, publisher.states()) == (2, {})
    assert "--create-staging-bucket" in done.stderr


def test_failed_version_is_replaced(publisher: Publisher) -> None:
    """If AWS fails at a version the older one stays on offer, and the same command tries anew."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 2
    for _ in range(2):
        done = publisher.publish("1.1.0", size="2")
        assert (done.returncode, "could not make version 1.1.0" in done.stderr) == (1, True)
        assert publisher.states() == {"1.0.0": "default", "1.1.0": "default"}
    assert publisher.publish("1.1.0", size="2").returncode == 0
    assert publisher.states() == {"1.0.0": "deprecated", "1.1.0": "default"}
    assert {one["status"] for one in publisher.catalog.products[publisher.product]} == {"AVAILABLE"}


def test_failed_version_that_stays(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may not delete a failed attempt is told so when all else is done: the new version is offered alone."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish("1.1.0", size="2")

    def denied(**_asked: str) -> dict[str, str]:
        raise RefusedError("AccessDeniedException", "You are not allowed.")

    monkeypatch.setattr(publisher.catalog, "_delete_provisioning_artifact", denied)
    done = publisher.publish("1.1.0", size="2")
    assert (done.returncode, "DeleteProvisioningArtifact is not allowed" in done.stderr) == (1, True), done.stderr
    found = [(one["Name"], one["status"], one["Guidance"]) for one in publisher.catalog.products[publisher.product]]
    assert found == [
        ("1.0.0", "AVAILABLE", "DEPRECATED"),
        ("1.1.0", "FAILED", "DEFAULT"),
        ("1.1.0", "AVAILABLE", "DEFAULT"),
    ]


@pytest.mark.parametrize("name", ["1.1.0", "v1.1"])
def test_failed_version_is_corrected(publisher: Publisher, name: str) -> None:
    """What could not be made is published under its name all the same, once the template is corrected."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish(name, size="2")
    done = publisher.publish("1.1.0", size="3")
    assert (done.returncode, publisher.states()) == (0, {"1.0.0": "deprecated", "1.1.0": "default"}), done.stderr


def test_failed_version_is_not_kept(publisher: Publisher) -> None:
    """Of the newest N that stay on offer none is a failed one."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish("1.1.0", size="2")
    publisher.publish("1.2.0", "--keep", "2", size="3")
    assert publisher.states() == {"1.0.0": "default", "1.1.0": "deprecated", "1.2.0": "default"}


def test_newer_one_that_failed(publisher: Publisher) -> None:
    """Nothing is held against a failed version: it is neither newer, nor a change since what was published before."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish("2.0.0", size="2")
    assert "is newer" not in publisher.run(*publisher.arguments("1.1.0", "--plan", size="3")).stdout
    done = publisher.publish("2.1.0")
    assert "is that of version 1.0.0, byte for byte" in done.stderr


def test_failed_version_is_no_reason(publisher: Publisher) -> None:
    """That the same template failed under another name does not keep it from being published."""
    publisher.catalog.fails = 1
    publisher.publish("1.0.0")
    done = publisher.publish("1.0.1")
    assert (done.returncode, publisher.states()["1.0.1"]) == (0, "default"), done.stderr


def test_timeout(publisher: Publisher) -> None:
    """What takes too long goes on at AWS, and the same command finishes it."""
    publisher.catalog.polls = 4
    done = publisher.publish("1.0.0", "--timeout", "0.01")
    assert (done.returncode, "is still CREATING" in done.stderr) == (5, True)
    assert publisher.publish("1.0.0").returncode == 0
    assert publisher.states() == {"1.0.0": "default"}


def test_two_spellings(publisher: Publisher) -> None:
    """One version is not published under two spellings of its name."""
    publisher.publish("v1.4")
    done = publisher.publish("1.4.0", size="2")
    assert (done.returncode, "written v1.4" in done.stderr) == (2, True)


def test_quota(publisher: Publisher) -> None:
    """A full product is said to be full before and when AWS refuses, with what makes room."""
    publisher.catalog.quota = 90
    for number in range(90):
        publisher.catalog.add(publisher.product, f"0.{number}")
    planned = publisher.run(*publisher.arguments("1.0.0", "--plan"))
    assert "has 90 versions of 100 by default" in planned.stdout
    done = publisher.publish("1.0.0")
    assert done.returncode == 1
    assert "publish.py prune" in done.stderr


def test_product_of_a_stack(publisher: Publisher) -> None:
    """The product is found by the output of the stack that made it."""
    output = {"ProductId": {"Value": publisher.product}}
    publisher.aws.client("cloudformation").create_stack(
        StackName=publisher.product, TemplateBody=json.dumps({**template_of(), "Outputs": output})
    )
    publisher.catalog.add(publisher.product, "1.0.0")
    done = publisher.run("versions", "--catalog", publisher.product)
    assert (done.returncode, "1.0.0" in done.stdout) == (0, True), done.stderr


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (["--product", "prod-none"], "there is no product prod-none in us-east-1"),
        (["--product", "prod none"], "is not a product's ID"),
        (["--catalog", "none"], "there is no stack none"),
    ],
)
def test_no_such_product(publisher: Publisher, place: list[str], told: str) -> None:
    """A product that is not there is said to be missing, by how it was named."""
    done = publisher.run("versions", *place)
    assert (done.returncode in (1, 2), told in done.stderr) == (True, True), done.stderr


def test_on_the_local_cloud(publisher: Publisher) -> None:
    """The local cloud, where a catalog has IDs only, says so."""
    done = publisher.run("versions", "--product", publisher.product, AWS_ENDPOINT_URL=publisher.aws.url)
    assert (done.returncode, "the local cloud has no Service Catalog" in done.stderr) == (1, True), done.stderr


def test_versions(publisher: Publisher) -> None:
    """The list shows each version, what it is, and how many use it, over several pages."""
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


def test_failed_version_is_shown(publisher: Publisher) -> None:
    """The list says of what AWS could not make that it failed, not that it is offered."""
    publisher.publish("1.0.0")
    publisher.catalog.fails = 1
    publisher.publish("1.1.0", size="2")
    place = ("versions", "--product", publisher.product)
    assert [line.split()[2] for line in publisher.run(*place).stdout.splitlines()] == ["STATE", "failed", "offered"]
    assert [one["failed"] for one in json.loads(publisher.run(*place, "--json").stdout)] == [True, False]


def test_prune(publisher: Publisher) -> None:
    """Deprecated versions that nobody uses become inactive, and what is inactive is deleted only if asked."""
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
    assert "names are free again" not in planned.stdout
    done = publisher.run("prune", *place, "--delete", "--yes", "--json")
    assert "their names are free again then, for any template" in done.stderr
    assert [one["name"] for one in json.loads(done.stdout)["delete"]] == ["1.2", "1.0"]
    assert publisher.states() == kept

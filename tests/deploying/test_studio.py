"""Studio objects that no template created, and that prevent the deletion of a domain or of a user profile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploying.local_aws import Aws
from deploying.proxy import Proxy
from deploying.stubs import RecordingListener, stubbed
from smtemplates.aws.errors import DeploymentError
from smtemplates.aws_data.blocking import APP, BLOCKING, CONTENTS, LEFT_BEHIND, NOT_CLEARED, SPACE, USER_PROFILE
from smtemplates.deploy.studio.clearing import delete_contents
from smtemplates.deploy.studio.contents import Contents, Item, Target, find_contents, find_targets

PROFILES = """\
Parameters:
  Names: {Type: String, Default: "ann,bo"}
Conditions:
  HasAnn: {"Fn::Not": [{"Fn::Equals": [{"Fn::Select": [0, {"Fn::Split": [",", {Ref: Names}]}]}, ""]}]}
Resources:
  Domain:
    Type: AWS::SageMaker::Domain
    Properties: {AuthMode: IAM, DomainName: {Ref: "AWS::StackName"}, VpcId: vpc-1, SubnetIds: [subnet-1]}
  First:
    Type: AWS::SageMaker::UserProfile
    Condition: HasAnn
    Properties: {DomainId: {Ref: Domain}, UserProfileName: {"Fn::Select": [0, {"Fn::Split": [",", {Ref: Names}]}]}}
  Second:
    Type: AWS::SageMaker::UserProfile
    Properties: {DomainId: {Ref: Domain}, UserProfileName: {"Fn::Select": [1, {"Fn::Split": [",", {Ref: Names}]}]}}
Outputs:
  DomainId: {Value: {Ref: Domain}}
"""


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    path = tmp_path / "profiles.yaml"
    path.write_text(PROFILES, encoding="utf-8")
    return path


class Studio:
    """The objects in a domain of the local cloud."""

    def __init__(self, aws: Aws, domain: str) -> None:
        self.client, self.domain = aws.client("sagemaker"), domain

    def add_space(self, name: str, owner: str | None = None) -> None:
        """Create a space with an app, as a user does."""
        owned = {"OwnershipSettings": {"OwnerUserProfileName": owner}} if owner else {}
        shared = {"SpaceSharingSettings": {"SharingType": "Private"}} if owner else {}
        self.client.create_space(DomainId=self.domain, SpaceName=name, **owned, **shared)
        self.client.create_app(DomainId=self.domain, SpaceName=name, AppType="JupyterLab", AppName="default")

    @property
    def spaces(self) -> list[str]:
        return [item["SpaceName"] for item in self.client.list_spaces(DomainIdEquals=self.domain)["Spaces"]]

    @property
    def apps(self) -> list[str]:
        found = self.client.list_apps(DomainIdEquals=self.domain)["Apps"]
        return [item.get("SpaceName") or item["UserProfileName"] for item in found if item["Status"] == "InService"]

    @property
    def profiles(self) -> list[str]:
        found = self.client.list_user_profiles(DomainIdEquals=self.domain)["UserProfiles"]
        return [item["UserProfileName"] for item in found]


@pytest.mark.parametrize("row", [*CONTENTS, *BLOCKING, *NOT_CLEARED.values(), *LEFT_BEHIND], ids=str)
def test_each_row_cites_a_page_or_a_public_report(row: Any) -> None:
    """Each blocking type cites a page of AWS or a public report."""
    assert row.source.startswith(("https://docs.aws.amazon.com/", "https://github.com/")), row


def test_destroy_clears_a_domain_only_with_permission(aws: Aws, name: str) -> None:
    """A domain with a user profile of SSO is destroyed only with --clear-studio, and nothing is deleted without it."""
    studio = Studio(aws, aws.deployed(name, "CreateDomain=true")["DomainId"])
    studio.client.create_user_profile(DomainId=studio.domain, UserProfileName="sso-carol")
    studio.client.create_app(DomainId=studio.domain, UserProfileName="sso-carol", AppType="Canvas", AppName="default")
    studio.add_space("lab", "sso-carol")
    refused = aws.run("destroy", name, "--confirm", name)
    assert (refused.returncode, aws.status(name)) == (4, "CREATE_COMPLETE"), refused.stderr
    for text in ("user profile sso-carol", "app default (Canvas) of sso-carol", "space lab of sso-carol"):
        assert text in refused.stderr
    assert "repeat the command with --clear-studio" in refused.stderr
    assert (studio.profiles, studio.spaces, studio.apps) == (["sso-carol"], ["lab"], ["sso-carol", "lab"])
    done = aws.run("destroy", name, "--confirm", name, "--clear-studio")
    assert (done.returncode, aws.status(name)) == (0, None), done.stderr
    assert (studio.profiles, studio.spaces, studio.apps) == ([], [], [])
    assert "File system fs-" in done.stderr


def test_deletion_of_a_user_profile_needs_consent(aws: Aws, profiles: Path, name: str) -> None:
    """A deployment that deletes a user profile shows its space and app, and deletes only these with --clear-studio."""
    created = aws.run("deploy", name, "--yes", template=profiles)
    assert created.returncode == 0, created.stderr
    studio = Studio(aws, aws.outputs(name)["DomainId"])
    studio.add_space("anns", "ann")
    studio.add_space("bos", "bo")
    studio.client.create_app(DomainId=studio.domain, UserProfileName="ann", AppType="JupyterServer", AppName="default")
    off = ["deploy", name, "--yes", "--allow-destructive", "--set", "Names=,bo"]
    refused = aws.run(*off, template=profiles)
    assert refused.returncode == 4, refused.stderr
    for text in ("space anns of ann", "app default (JupyterLab) of anns", "app default (JupyterServer) of ann"):
        assert text in refused.stderr
    assert "bos" not in refused.stderr
    assert (studio.spaces, studio.apps) == (["anns", "bos"], ["anns", "bos", "ann"])
    done = aws.run(*off, "--clear-studio", template=profiles)
    assert done.returncode == 0, done.stderr
    assert "space anns of ann" in done.stderr  # also shown before the question
    assert (studio.profiles, studio.spaces, studio.apps) == (["bo"], ["bos"], ["bos"])


def test_objects_remain_if_the_change_set_cannot_be_executed(
    aws: Aws, through: Aws, proxy: Proxy, profiles: Path, name: str
) -> None:
    """If the change set contains another template than the reviewed one, no object of a user is deleted."""
    created = aws.run("deploy", name, "--yes", template=profiles)
    assert created.returncode == 0, created.stderr
    studio = Studio(aws, aws.outputs(name)["DomainId"])
    studio.add_space("anns", "ann")
    proxy.altered = ("CreateChangeSet", b"HasAnn", b"HasBnn")
    options = ["--yes", "--allow-destructive", "--clear-studio", "--set", "Names=,bo"]
    refused = through.run("deploy", name, *options, template=profiles)
    proxy.altered = None
    assert (refused.returncode, studio.spaces) == (1, ["anns"]), refused.stderr
    assert "is not the one that was reviewed" in refused.stderr


def test_replaced_user_profile_keeps_its_spaces(aws: Aws, profiles: Path, name: str) -> None:
    """A user profile with contents is not replaced, even with --clear-studio, as for a domain."""
    created = aws.run("deploy", name, "--yes", template=profiles)
    assert created.returncode == 0, created.stderr
    studio = Studio(aws, aws.outputs(name)["DomainId"])
    studio.add_space("anns", "ann")
    renamed = ["deploy", name, "--yes", "--allow-destructive", "--clear-studio", "--set", "Names=cat,bo"]
    refused = aws.run(*renamed, template=profiles)
    assert refused.returncode == 4, refused.stderr
    assert "first without the user profile" in refused.stderr
    assert studio.spaces == ["anns"]


def test_user_profiles_of_another_domain_remain(aws: Aws, name: str) -> None:
    """The deletion of a stack leaves the user profiles of another domain, which have the same names."""
    first, second = f"{name}-1", f"{name}-2"
    for stack in (first, second):
        aws.created(stack, PROFILES)
    assert aws.run("destroy", first, "--confirm", first).returncode == 0
    assert sorted(Studio(aws, aws.outputs(second)["DomainId"]).profiles) == ["ann", "bo"]
    assert aws.run("destroy", second, "--confirm", second).returncode == 0


def answers_for(
    aws: Any, apps: list[dict[str, Any]], spaces: list[dict[str, Any]], profiles: list[dict[str, Any]] | None = None
) -> None:
    aws.answers("list_apps", {"Apps": apps}, {"DomainIdEquals": "d-1"})
    aws.answers("list_spaces", {"Spaces": spaces}, {"DomainIdEquals": "d-1"})
    if profiles is not None:
        aws.answers("list_user_profiles", {"UserProfiles": profiles}, {"DomainIdEquals": "d-1"})
        aws.answers("describe_domain", {"DomainId": "d-1"}, {"DomainId": "d-1"})


def app(status: str, **more: str) -> dict[str, Any]:
    return {"DomainId": "d-1", "AppName": "default", "AppType": "JupyterLab", "Status": status, **more}


def test_apps_that_failed_or_are_deleted_prevent_nothing() -> None:
    """Failed and deleted apps, which Studio cannot delete, are not listed. Pending and deleting apps are."""
    found = [app(status, SpaceName=status) for status in ("Failed", "Deleted", "Pending", "Deleting", "InService")]
    with stubbed("sagemaker") as aws:
        answers_for(aws, found, [], [])
        contents = find_contents(aws.cloud, [Target(type="AWS::SageMaker::Domain", domain="d-1", name="d-1")])
    assert [dict(item.identifiers)["SpaceName"] for item in contents.items] == ["Pending", "Deleting", "InService"]


def test_objects_of_the_stack_itself_are_not_listed() -> None:
    """A space that CloudFormation deletes is not listed, but the app in it is."""
    spaces = [{"DomainId": "d-1", "SpaceName": name, "Status": "InService"} for name in ("declared", "other")]
    with stubbed("sagemaker") as aws:
        answers_for(aws, [app("InService", SpaceName="declared")], spaces)
        contents = find_contents(aws.cloud, [Target(type=SPACE, domain="d-1", name="declared")])
    assert contents.names() == ["app default (JupyterLab) of declared"]


@pytest.mark.parametrize(
    ("physical_id", "domains", "expected"),
    [("ann", ["d-2"], ["d-2"]), ("ann|d-1", [], ["d-1"]), ("d-3|ann", ["d-2"], ["d-3"]), ("bo", [], [])],
)
def test_domain_of_a_user_profile(physical_id: str, domains: list[str], expected: list[str]) -> None:
    """The domain is read from the physical ID, or found by the name of the user profile in a domain of the stack."""
    listed = [{"DomainId": domain, "UserProfileName": "ann"} for domain in ("d-1", "d-2", "d-3")]
    with stubbed("sagemaker") as aws:
        wanted = {"UserProfileNameContains": "bo" if physical_id == "bo" else "ann"}
        aws.answers("list_user_profiles", {"UserProfiles": listed}, wanted)
        found = find_targets(aws.cloud, [(USER_PROFILE, physical_id)], domains)
    assert [target.domain for target in found] == expected


def test_user_profile_in_an_unknown_domain_is_an_error() -> None:
    """If several domains have a user profile of that name, nothing is deleted and the message names the domains."""
    listed = [{"DomainId": domain, "UserProfileName": "ann"} for domain in ("d-1", "d-2")]
    with stubbed("sagemaker") as aws:
        aws.answers("list_user_profiles", {"UserProfiles": listed})
        with pytest.raises(DeploymentError, match="exists in several domains \\(d-1, d-2\\)"):
            find_targets(aws.cloud, [(USER_PROFILE, "ann")])


def test_pending_space_is_deleted_later() -> None:
    """Studio rejects the deletion of a space that it is still creating. The deletion is requested again."""
    item = Item(type=SPACE, identifiers=(("DomainId", "d-1"), ("SpaceName", "lab")))
    with stubbed("sagemaker") as aws:
        aws.refuses("delete_space", "ValidationException", "Space is Pending")
        aws.answers("list_spaces", {"Spaces": [{"DomainId": "d-1", "SpaceName": "lab", "Status": "Pending"}]})
        aws.answers("delete_space", {})
        aws.answers("list_spaces", {"Spaces": []})
        delete_contents(aws.cloud, Contents(items=(item,)), RecordingListener())


def test_object_that_studio_does_not_delete_is_an_error() -> None:
    """If Studio refuses a deletion for another reason, the command ends with that reason."""
    identifiers = (("DomainId", "d-1"), ("AppName", "default"), ("AppType", "Canvas"), ("UserProfileName", "ann"))
    item = Item(type=APP, identifiers=identifiers)
    listed = app("InService", UserProfileName="ann", AppType="Canvas")
    with stubbed("sagemaker") as aws:
        aws.refuses("delete_app", "ValidationException", "no")
        aws.answers("list_apps", {"Apps": [listed]})
        aws.refuses("delete_app", "ValidationException", "no")
        with pytest.raises(DeploymentError, match="Studio did not delete app default \\(Canvas\\) of ann"):
            delete_contents(aws.cloud, Contents(items=(item,)), RecordingListener())

"""The workflow packs for Studio and its repository."""

from __future__ import annotations

from awacs.aws import ArnLike, Condition, StringEquals
from troposphere import Ref, Sub

from smtemplates.core.iam import actions, allow, regional_arns
from smtemplates.templates.workspace.packs.pack import DOCS, GUIDE, RESOURCE_POLICY, STUDIO_POLICY, Pack, Permission
from smtemplates.templates.workspace.studio_repository import StudioRepository

USER = "user-profile/${Id}/${!sagemaker:UserProfileName}"


def of_domain(*resources: str) -> list[Sub]:
    """Return the ARNs of resources whose names contain ${Id}, the ID of the domain."""
    return regional_arns("sagemaker", *resources, Id=Ref("Domain"))


def shared_spaces() -> Pack:
    """Allow spaces that all users of the domain can open."""
    shared = {"sagemaker:SpaceSharingType": "Shared"}
    return Pack(
        name="SharedSpaces",
        allows="Spaces that all users of the domain share, and the apps in them.",
        note="Every user of the domain can start and stop the app of a shared space. Only its owner can change or "
        "delete the space.",
        permissions=(
            Permission(
                statement=allow(
                    "SharedSpaces",
                    actions("sagemaker", "CreateSpace", "DeleteSpace", "UpdateSpace"),
                    of_domain("space/${Id}/*"),
                    Condition([ArnLike({"sagemaker:OwnerUserProfileArn": of_domain(USER)}), StringEquals(shared)]),
                ),
                reason="Create, change and delete own shared spaces.",
                source=f"{GUIDE}/studio-updated-spaces.html",
            ),
            Permission(
                statement=allow(
                    "AppsInSharedSpaces",
                    actions("sagemaker", "CreateApp", "DeleteApp"),
                    of_domain("app/${Id}/*"),
                    Condition(StringEquals(shared)),
                ),
                reason="Start and stop the apps in shared spaces.",
                source=f"{DOCS}/aws-managed-policy/latest/reference/AmazonSageMakerFullAccess.html",
            ),
        ),
        policy=STUDIO_POLICY,
    )


def remote_ide() -> Pack:
    """Allow connections from an editor on a user's own computer."""
    return Pack(
        name="RemoteIde",
        allows="Connections of Visual Studio Code on a user's computer to the user's own spaces.",
        note="Without the pack, the role can neither connect nor enable remote access of a space. A connection can "
        "last for up to 12 hours after the user signs out.",
        permissions=(
            Permission(
                statement=allow(
                    "ConnectToOwnSpaces",
                    actions("sagemaker", "StartSession"),
                    of_domain("space/${Id}/*"),
                    Condition(ArnLike({"sagemaker:ResourceTag/sagemaker:user-profile-arn": of_domain(USER)})),
                ),
                reason="Connect to the spaces that have the tag of the user's profile.",
                source=f"{GUIDE}/remote-access-remote-setup.html",
            ),
        ),
        policy=STUDIO_POLICY,
    )


def docker_build(repository: StudioRepository) -> Pack:
    """Allow pushing images to the repository of the workspace."""
    return Pack(
        name="DockerBuild",
        allows="Pushing images to the repository of the workspace.",
        policy=RESOURCE_POLICY,
        note="Tags in the repository cannot be overwritten. The role cannot delete images.",
        permissions=(
            Permission(
                statement=allow(
                    "PushImages",
                    actions(
                        "ecr",
                        "CompleteLayerUpload",
                        "DescribeImages",
                        "InitiateLayerUpload",
                        "PutImage",
                        "UploadLayerPart",
                    ),
                    [repository.arn()],
                ),
                reason="Push images, and see those in the repository. Each role can already sign in and pull.",
                source=f"{DOCS}/AmazonECR/latest/userguide/image-push-iam.html",
            ),
        ),
    )

"""Studio policy: the permissions of the execution role to open Studio and to manage own spaces and apps."""

from __future__ import annotations

from awacs.aws import ArnLike, Condition, Null, StringEquals
from troposphere import AWS_NO_VALUE, AWSObject, Ref

from smtemplates.core.construct import NamedCondition, when
from smtemplates.core.iam import Grant, actions, allow, deny, policy_document
from smtemplates.templates.workspace.execution_role import execution_role_policy
from smtemplates.templates.workspace.packs.pack import STUDIO_POLICY
from smtemplates.templates.workspace.packs.studio import USER, of_domain
from smtemplates.templates.workspace.studio_images import StudioImages
from smtemplates.templates.workspace.studio_lifecycle import StudioLifecycle
from smtemplates.templates.workspace.workflow_packs import WorkflowPacks


def studio_policy(
    create: NamedCondition, setup: StudioLifecycle, images: StudioImages, packs: WorkflowPacks
) -> AWSObject:
    """Build the policy that allows users to open Studio, view the domain, and manage their own spaces and apps.

    It also exists with full access, which does not allow reading the settings. Workflow packs allow spaces that users
    share and connections from other editors. Without its pack, remote access is also denied to spaces.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-jl-admin-guide-permissions.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/remote-access-remote-setup-abac.html
    """
    user = "${Id}/${!sagemaker:UserProfileName}"
    own = Condition(
        [
            ArnLike({"sagemaker:OwnerUserProfileArn": of_domain(USER)}),
            StringEquals({"sagemaker:SpaceSharingType": ["Private"]}),
        ]
    )
    apps = actions("sagemaker", "CreateApp", "DeleteApp")
    return execution_role_policy(
        "StudioPolicy",
        create,
        policy_document(
            allow(
                "SeeDomain",
                actions("sagemaker", "DescribeApp", "DescribeDomain", "DescribeSpace", "DescribeUserProfile"),
                of_domain(*(f"{kind}/${{Id}}*" for kind in ("app", "domain", "space", "user-profile"))),
            ),
            allow(
                "OpenStudio",
                actions("sagemaker", "CreatePresignedDomainUrl"),
                of_domain(USER),
            ),
            allow(
                "OwnSpaces",
                actions("sagemaker", "CreateSpace", "DeleteSpace", "UpdateSpace"),
                of_domain("space/${Id}/*"),
                own,
            ),
            allow("OwnAppsInSpaces", apps, of_domain("app/${Id}/*"), own),
            allow(
                "OwnApps",
                apps,
                of_domain(f"app/{user}/*"),
                Condition(Null({"sagemaker:OwnerUserProfileArn": "true"})),
            ),
            setup.read(),
            *packs.grants(STUDIO_POLICY),
            when(packs.selected["RemoteIde"], Ref(AWS_NO_VALUE), _no_remote_access()),
            *(when(image.create, image.read()) for image in images.images),
        ),
    )


def _no_remote_access() -> Grant:
    return deny(
        "NoRemoteIde",
        actions("sagemaker", "CreateSpace", "UpdateSpace"),
        Condition(StringEquals({"sagemaker:RemoteAccess": "ENABLED"})),
    )

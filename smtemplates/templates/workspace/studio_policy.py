"""Studio policy: the permissions of the execution role to open Studio and to manage own spaces and apps."""

from __future__ import annotations

from awacs.aws import ArnLike, Condition, Null, StringEquals
from troposphere import AWSObject, Ref, Sub

from smtemplates.core.construct import NamedCondition, when
from smtemplates.core.iam import actions, allow, policy_document, regional_arns
from smtemplates.templates.workspace.execution_role import execution_role_policy
from smtemplates.templates.workspace.studio_images import StudioImages
from smtemplates.templates.workspace.studio_lifecycle import StudioLifecycle


def studio_policy(create: NamedCondition, setup: StudioLifecycle, images: StudioImages) -> AWSObject:
    """Build the policy that allows users to open Studio, view the domain, and manage their own spaces and apps.

    It also exists with full access, which does not allow reading the settings. Spaces that users share, and the apps in
    them, are not allowed here.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-jl-admin-guide-permissions.html
    """
    user = "${Id}/${!sagemaker:UserProfileName}"

    def of_domain(*resources: str) -> list[Sub]:
        return regional_arns("sagemaker", *resources, Id=Ref("Domain"))

    own = Condition(
        [
            ArnLike({"sagemaker:OwnerUserProfileArn": of_domain(f"user-profile/{user}")}),
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
                of_domain(f"user-profile/{user}"),
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
            *(when(image.create, image.read()) for image in images.images),
        ),
    )

"""Studio: a domain in the VPC, its user profiles, and apps that stop when they are idle."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Output, Ref, Sub, sagemaker

from smtemplates.core.construct import Construct, NamedCondition, all_of, output, when
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.packages import Packages
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.sdk_config import SdkConfig
from smtemplates.templates.workspace.source_identity import SourceIdentity
from smtemplates.templates.workspace.studio_images import StudioImages
from smtemplates.templates.workspace.studio_lifecycle import StudioLifecycle, studio_lifecycle
from smtemplates.templates.workspace.studio_policy import studio_policy
from smtemplates.templates.workspace.studio_settings import MOST_PROFILES, StudioSettings
from smtemplates.templates.workspace.workflow_packs import WorkflowPacks


def studio(
    project: Project,
    encryption: Encryption,
    network: Network,
    execution_role: ExecutionRole,
    sdk_config: SdkConfig,
    packages: Packages,
    studio_settings: StudioSettings,
    studio_images: StudioImages,
    source_identity: SourceIdentity,
    workflow_packs: WorkflowPacks,
) -> Construct:
    """Build an optional Studio domain, whose apps are configured when they start."""
    create = studio_settings.create
    create_policy = NamedCondition("CreateStudioPolicy", all_of(create, execution_role.create_role))
    setup = studio_lifecycle(project, sdk_config, packages, create)
    domain = _domain(
        project, encryption, network, execution_role, setup, studio_settings, studio_images, source_identity
    )
    return Construct(
        title="Studio",
        source=__name__,
        conditions=[*setup.conditions, create_policy],
        mappings=setup.mappings,
        resources=[
            *setup.resources,
            domain,
            *(_user(studio_settings, place) for place in range(1, MOST_PROFILES + 1)),
            studio_policy(create_policy, setup, studio_images, workflow_packs),
        ],
        outputs=_outputs(studio_settings),
    )


def _domain(
    project: Project,
    encryption: Encryption,
    network: Network,
    role: ExecutionRole,
    setup: StudioLifecycle,
    settings: StudioSettings,
    images: StudioImages,
    identity: SourceIdentity,
) -> sagemaker.Domain:
    """Build the domain. Its apps store files on their own volumes, so it has no shared file system.

    The settings of spaces apply to shared spaces, and the settings of users to private spaces. CloudFormation has no
    settings of Code Editor in shared spaces.

    A change of the key, VPC or sign-in method fails, because the replacement would have the same name. With a new name,
    the spaces of the users would remain in the old domain, which then could not be deleted.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html (HomeEfsFileSystemCreation)
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DefaultSpaceSettings.html
    Source: https://github.com/aws/modern-data-architecture-accelerator/issues/35
    """
    lab = sagemaker.JupyterLabAppSettings(
        AppLifecycleManagement=settings.stop_when_idle(),
        BuiltInLifecycleConfigArn=setup.lab,
        CustomImages=images.lab.custom_images(),
    )
    code_editor = sagemaker.CodeEditorAppSettings(
        AppLifecycleManagement=settings.stop_when_idle(),
        BuiltInLifecycleConfigArn=setup.code_editor,
        CustomImages=images.code_editor.custom_images(),
    )
    return sagemaker.Domain(
        "Domain",
        Condition=settings.create.name,
        AppNetworkAccessType="VpcOnly",
        AuthMode=Ref(settings.auth),
        DefaultSpaceSettings=sagemaker.DefaultSpaceSettings(
            ExecutionRole=role.execution_arn(),
            JupyterLabAppSettings=lab,
            SecurityGroups=network.security_groups(),
            SpaceStorageSettings=settings.space_storage(),
        ),
        DefaultUserSettings=sagemaker.UserSettings(
            AutoMountHomeEFS="Disabled",
            CodeEditorAppSettings=code_editor,
            DefaultLandingUri="studio::",
            ExecutionRole=role.execution_arn(),
            JupyterLabAppSettings=lab,
            SecurityGroups=network.security_groups(),
            SpaceStorageSettings=settings.space_storage(),
            StudioWebPortal="ENABLED",
        ),
        DomainName=project.unique_name(),
        DomainSettings=sagemaker.DomainSettings(
            DockerSettings=settings.docker(),
            ExecutionRoleIdentityConfig=when(identity.is_set, "USER_PROFILE_NAME"),
        ),
        HomeEfsFileSystemCreation="Disabled",
        KmsKeyId=encryption.key(),
        SubnetIds=network.subnets(),
        TagPropagation="ENABLED",
        Tags=project.tags(),
        VpcId=network.vpc(),
    )


def _user(settings: StudioSettings, place: int) -> sagemaker.UserProfile:
    """Build a user profile. The apps of the user get the tags of the domain, so the profile needs no tags.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html (Tags)
    """
    return sagemaker.UserProfile(
        f"UserProfile{place}",
        Condition=settings.profiles[place - 1].name,
        DomainId=Ref("Domain"),
        UserProfileName=settings.profile(place),
    )


def _outputs(settings: StudioSettings) -> list[Output]:
    made: Any = {"condition": settings.create}
    return [
        output("DomainId", "ID of the Studio domain", Ref("Domain"), export=True, **made),
        output("DomainArn", "ARN of the Studio domain", GetAtt("Domain", "DomainArn"), **made),
        output("DomainUrl", "URL of Studio for users of IAM Identity Center", GetAtt("Domain", "Url"), **made),
        output(
            "StudioUrlCommand",
            "Command that prints a link to Studio for the first user profile, or for the profile that you enter. "
            "Run it with your own credentials.",
            Sub(
                "aws --region ${AWS::Region} sagemaker create-presigned-domain-url --domain-id ${Id} "
                "--user-profile-name ${User} --query AuthorizedUrl --output text",
                Id=Ref("Domain"),
                User=when(settings.profiles[0], settings.profile(1), "USER_PROFILE_NAME"),
            ),
            # Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePresignedDomainUrl.html
            condition=settings.sign_in_with_iam,
        ),
    ]

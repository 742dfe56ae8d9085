"""Studio: a domain in the VPC, its user profiles, and apps that stop when they are idle."""

from __future__ import annotations

from typing import Any

from awacs.aws import ArnLike, Condition, Null, StringEquals
from troposphere import AWSObject, Equals, GetAtt, Not, Output, Parameter, Ref, Sub, sagemaker

from smtemplates.core.construct import (
    EACH_ONCE,
    Construct,
    NamedCondition,
    all_of,
    boolean_parameter,
    choice_parameter,
    equals,
    is_empty,
    is_not_empty,
    is_true,
    list_item,
    number_parameter,
    output,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.iam import actions, allow, policy_document, regional_arns
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import ExecutionRole, execution_role_policy
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.packages import Packages
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.sdk_config import SdkConfig
from smtemplates.templates.workspace.studio_lifecycle import StudioLifecycle, studio_lifecycle

MOST_PROFILES = 5
PROFILE = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
YEAR_MINUTES = 525600


def studio(
    project: Project,
    encryption: Encryption,
    network: Network,
    execution_role: ExecutionRole,
    sdk_config: SdkConfig,
    packages: Packages,
) -> Construct:
    """Build an optional Studio domain, whose apps are configured when they start."""
    create, auth, profiles, idle = _create(), _auth_mode(), _profiles(), _idle_minutes()
    # the rule explains it to users; linters evaluate conditions, but not rules
    create_domain = NamedCondition("CreateDomain", all_of(is_true(create), network.has_vpc))
    create_profiles = [
        NamedCondition(
            f"CreateUserProfile{place}",
            all_of(create_domain, Not(Equals(list_item(profiles, place, MOST_PROFILES), ""))),
        )
        for place in range(1, MOST_PROFILES + 1)
    ]
    create_policy = NamedCondition("CreateStudioPolicy", all_of(create_domain, execution_role.create_role))
    sign_in_with_iam = NamedCondition("SignInWithIam", all_of(create_domain, equals(auth, "IAM")))
    setup = studio_lifecycle(project, sdk_config, packages, create_domain)
    return Construct(
        title="Studio",
        source=__name__,
        switches={"Create Studio domain": create},
        parameters={
            "Sign-in method": auth,
            "User profiles": profiles,
            "Stop Studio apps when idle for (minutes)": idle,
        },
        conditions=[*setup.conditions, create_domain, *create_profiles, create_policy, sign_in_with_iam],
        rules=_rules(network, create, auth, profiles),
        mappings=setup.mappings,
        resources=[
            *setup.resources,
            _domain(create_domain, project, encryption, network, execution_role, setup, auth, idle),
            *(_user(condition, profiles, place) for place, condition in enumerate(create_profiles, start=1)),
            _policy(create_policy, setup),
        ],
        outputs=_outputs(create_domain, sign_in_with_iam, create_profiles[0], profiles),
    )


def _rules(network: Network, create: Parameter, auth: Parameter, profiles: Parameter) -> dict[str, Any]:
    return {
        **region_rule(create, "Studio domains", sagemaker.Domain, sagemaker.StudioLifecycleConfig),
        **region_rule(profiles, "User profiles", sagemaker.UserProfile),
        "DomainNeedsVpc": rule(
            "CreateDomain requires VpcId and SubnetIds, because Studio runs in a VPC.",
            is_not_empty(network.subnet_ids),
            given=is_true(create),
        ),
        "SsoMakesItsOwnProfiles": rule(
            "With DomainAuthMode SSO, leave UserProfileNames empty and assign users in IAM Identity Center.",
            is_empty(profiles),
            given=equals(auth, "SSO"),
        ),
    }


def _domain(
    create: NamedCondition,
    project: Project,
    encryption: Encryption,
    network: Network,
    role: ExecutionRole,
    setup: StudioLifecycle,
    auth: Parameter,
    idle: Parameter,
) -> sagemaker.Domain:
    """Build the domain. Its apps store files on their own volumes, so it has no shared file system.

    A change of the key, VPC or sign-in method fails, because the replacement would have the same name. With a new name,
    the spaces of the users would remain in the old domain, which then could not be deleted.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-idle-shutdown.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html (HomeEfsFileSystemCreation)
    Source: https://github.com/aws/modern-data-architecture-accelerator/issues/35
    """
    lab = sagemaker.JupyterLabAppSettings(
        AppLifecycleManagement=_stop_when_idle(idle), BuiltInLifecycleConfigArn=setup.lab
    )
    code_editor = sagemaker.CodeEditorAppSettings(
        AppLifecycleManagement=_stop_when_idle(idle), BuiltInLifecycleConfigArn=setup.code_editor
    )
    return sagemaker.Domain(
        "Domain",
        Condition=create.name,
        AppNetworkAccessType="VpcOnly",
        AuthMode=Ref(auth),
        DefaultSpaceSettings=sagemaker.DefaultSpaceSettings(
            ExecutionRole=role.execution_arn(),
            JupyterLabAppSettings=lab,
            SecurityGroups=network.security_groups(),
        ),
        DefaultUserSettings=sagemaker.UserSettings(
            AutoMountHomeEFS="Disabled",
            CodeEditorAppSettings=code_editor,
            DefaultLandingUri="studio::",
            ExecutionRole=role.execution_arn(),
            JupyterLabAppSettings=lab,
            SecurityGroups=network.security_groups(),
            StudioWebPortal="ENABLED",
        ),
        DomainName=project.unique_name(),
        HomeEfsFileSystemCreation="Disabled",
        KmsKeyId=encryption.key(),
        SubnetIds=network.subnets(),
        TagPropagation="ENABLED",
        Tags=project.tags(),
        VpcId=network.vpc(),
    )


def _stop_when_idle(idle: Parameter) -> sagemaker.AppLifecycleManagement:
    return sagemaker.AppLifecycleManagement(
        IdleSettings=sagemaker.IdleSettings(
            IdleTimeoutInMinutes=Ref(idle),
            LifecycleManagement="ENABLED",
            MaxIdleTimeoutInMinutes=Ref(idle),
            MinIdleTimeoutInMinutes=Ref(idle),
        )
    )


def _user(create: NamedCondition, profiles: Parameter, place: int) -> sagemaker.UserProfile:
    """Build a user profile. The apps of the user get the tags of the domain, so the profile needs no tags.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDomain.html (Tags)
    """
    return sagemaker.UserProfile(
        f"UserProfile{place}",
        Condition=create.name,
        DomainId=Ref("Domain"),
        UserProfileName=list_item(profiles, place, MOST_PROFILES),
    )


def _policy(create: NamedCondition, setup: StudioLifecycle) -> AWSObject:
    """Build the policy that allows users to open Studio, view the domain, and manage their own spaces and apps.

    It also exists with full access, which does not allow reading the settings.

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
        ),
    )


def _outputs(
    create: NamedCondition, sign_in_with_iam: NamedCondition, has_profile: NamedCondition, profiles: Parameter
) -> list[Output]:
    made: Any = {"condition": create}
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
                User=when(has_profile, list_item(profiles, 1, MOST_PROFILES), "USER_PROFILE_NAME"),
            ),
            # Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreatePresignedDomainUrl.html
            condition=sign_in_with_iam,
        ),
    ]


def _create() -> Parameter:
    return boolean_parameter(
        "CreateDomain",
        "Create a Studio domain. It requires VpcId and SubnetIds. Apps that users start in it are charged. The "
        "apps read their settings from Systems Manager: a VPC without NAT needs a VPC endpoint for ssm, and an "
        "existing role needs ssm:GetParameter. Do not change the tags of the stack while the domain exists. If "
        "false, no domain is created. Changing this to false deletes the domain with its user profiles. Delete all "
        "spaces, with the files in them, first.",
        default=False,
    )


def _auth_mode() -> Parameter:
    return choice_parameter(
        "DomainAuthMode",
        "How users sign in to Studio: IAM, or SSO for IAM Identity Center, which must be enabled in this Region. You "
        "assign the users there. To change this later, delete the domain first (CreateDomain=false).",
        ("IAM", "SSO"),
        default="IAM",
    )


def _profiles() -> Parameter:
    return string_parameter(
        "UserProfileNames",
        'Names of up to five user profiles, separated by commas. To delete a profile, keep its comma (",bob"). The '
        "positions of the other profiles must not change. Delete the spaces of the profile, with the files in them, "
        "first. Leave empty for no profiles. With DomainAuthMode SSO it must be empty, because IAM Identity Center "
        "creates the profiles.",
        pattern=f"^{EACH_ONCE}({PROFILE})?(,({PROFILE})?){{0,{MOST_PROFILES - 1}}}$",
        hint="must be empty or up to five different names of letters, digits and hyphens, separated by commas, "
        "without spaces",
        max_length=400,
    )


def _idle_minutes() -> Parameter:
    return number_parameter(
        "StudioIdleMinutes",
        "Number of idle minutes after which JupyterLab and Code Editor stop. Users cannot change it. Default: 60.",
        default=60,
        least=60,
        most=YEAR_MINUTES,
    )

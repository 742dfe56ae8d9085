"""Studio settings: the parameters and conditions of the Studio domain, and the settings of its spaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from troposphere import AWS_ACCOUNT_ID, Equals, If, Not, Parameter, Ref, Select, Split, Sub, sagemaker

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
    placeholder,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace.network import Network

MOST_PROFILES = 5
PROFILE = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
YEAR_MINUTES = 525600
# The trusted accounts of a domain in addition to its own.
# Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DockerSettings.html
MOST_ACCOUNTS = 19
# A number of GB from 5 to 16384.
# Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DefaultEbsStorageSettings.html
SPACE_GB = "([5-9]|[1-9][0-9]{1,3}|1[0-5][0-9]{3}|16[0-2][0-9]{2}|163[0-7][0-9]|1638[0-4])"


@dataclass(frozen=True, kw_only=True)
class StudioSettings(Construct):
    """Contain the parameters and conditions of the domain."""

    create_domain: Parameter
    auth: Parameter
    names: Parameter
    idle: Parameter
    accounts: Parameter
    sizes: Parameter
    create: NamedCondition
    sign_in_with_iam: NamedCondition
    allow_docker: NamedCondition
    has_accounts: NamedCondition
    has_sizes: NamedCondition
    profiles: Sequence[NamedCondition]

    def profile(self, place: int) -> Select:
        """Return the name of the user profile number `place` (from 1)."""
        return list_item(self.names, place, MOST_PROFILES)

    def stop_when_idle(self) -> sagemaker.AppLifecycleManagement:
        """Build the shutdown of idle apps, which users cannot change.

        Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-idle-shutdown.html
        """
        return sagemaker.AppLifecycleManagement(
            IdleSettings=sagemaker.IdleSettings(
                IdleTimeoutInMinutes=Ref(self.idle),
                LifecycleManagement="ENABLED",
                MaxIdleTimeoutInMinutes=Ref(self.idle),
                MinIdleTimeoutInMinutes=Ref(self.idle),
            )
        )

    def docker(self) -> sagemaker.DockerSettings:
        """Build the access of apps to Docker. It is also disabled explicitly, because an update keeps omitted settings.

        In a domain that uses only its VPC, Docker can use images from the trusted accounts only. The account of the
        stack is always one of them. Rootless Docker is a setting of the API that CloudFormation does not support.

        Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DockerSettings.html
        Source: https://github.com/aws/amazon-sagemaker-feedback/issues/219
        """
        own_and_others = Sub(f"${{AWS::AccountId}},{placeholder(self.accounts)}")
        trusted = when(self.has_accounts, own_and_others, Ref(AWS_ACCOUNT_ID))
        return sagemaker.DockerSettings(
            EnableDockerAccess=when(self.allow_docker, "ENABLED", "DISABLED"),
            VpcOnlyTrustedAccounts=when(self.allow_docker, Split(",", trusted)),
        )

    def space_storage(self) -> If:
        """Build the default and maximum storage of a space, which is omitted if no sizes are specified."""
        # the added hyphen gives every value two parts, also values in tests of templates that have no hyphen
        default, maximum = (Select(place, Split("-", Sub(f"{placeholder(self.sizes)}-"))) for place in (0, 1))
        storage = sagemaker.DefaultSpaceStorageSettings(
            DefaultEbsStorageSettings=sagemaker.DefaultEbsStorageSettings(
                DefaultEbsVolumeSizeInGb=default, MaximumEbsVolumeSizeInGb=maximum
            )
        )
        return when(self.has_sizes, storage)


def studio_settings(network: Network) -> StudioSettings:
    """Build the parameters and conditions of the domain."""
    create, auth, names, idle = _create(), _auth_mode(), _profile_names(), _idle_minutes()
    docker, accounts, sizes = _docker(), _accounts(), _space_sizes()
    # the rule explains it to users; linters evaluate conditions, but not rules
    create_domain = NamedCondition("CreateDomain", all_of(is_true(create), network.has_vpc))
    profiles = [
        NamedCondition(
            f"CreateUserProfile{place}",
            all_of(create_domain, Not(Equals(list_item(names, place, MOST_PROFILES), ""))),
        )
        for place in range(1, MOST_PROFILES + 1)
    ]
    sign_in_with_iam = NamedCondition("SignInWithIam", all_of(create_domain, equals(auth, "IAM")))
    allow_docker = NamedCondition("AllowStudioDocker", is_true(docker))
    has_accounts = NamedCondition("HasStudioDockerAccounts", is_not_empty(accounts))
    has_sizes = NamedCondition("HasStudioSpaceSizes", is_not_empty(sizes))
    return StudioSettings(
        title="Studio",
        source=__name__,
        switches={"Create Studio domain": create},
        parameters={
            "Sign-in method": auth,
            "User profiles": names,
            "Stop Studio apps when idle for (minutes)": idle,
            "Default and maximum storage of a space (GB)": sizes,
            "Docker in Studio": docker,
            "Trusted accounts for Docker images": accounts,
        },
        conditions=[create_domain, *profiles, sign_in_with_iam, allow_docker, has_accounts, has_sizes],
        rules={
            **region_rule(create, "Studio domains", sagemaker.Domain, sagemaker.StudioLifecycleConfig),
            **region_rule(names, "User profiles", sagemaker.UserProfile),
            "DomainNeedsVpc": rule(
                "CreateDomain requires VpcId and SubnetIds, because Studio runs in a VPC.",
                is_not_empty(network.subnet_ids),
                given=is_true(create),
            ),
            "SsoMakesItsOwnProfiles": rule(
                "With DomainAuthMode SSO, leave UserProfileNames empty and assign users in IAM Identity Center.",
                is_empty(names),
                given=equals(auth, "SSO"),
            ),
            "DockerAccountsNeedDocker": rule(
                "StudioDockerTrustedAccountIds requires StudioDockerAccess.",
                is_true(docker),
                given=is_not_empty(accounts),
            ),
        },
        create_domain=create,
        auth=auth,
        names=names,
        idle=idle,
        accounts=accounts,
        sizes=sizes,
        create=create_domain,
        sign_in_with_iam=sign_in_with_iam,
        allow_docker=allow_docker,
        has_accounts=has_accounts,
        has_sizes=has_sizes,
        profiles=profiles,
    )


def _create() -> Parameter:
    return boolean_parameter(
        "CreateDomain",
        "Create a Studio domain. It requires a VPC and subnets. Apps that users start in it are charged. The "
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
        "assign the users there. To change this later, delete the domain first "
        "(CreateDomain=false), which deletes the files of its users.",
        ("IAM", "SSO"),
        default="IAM",
    )


def _profile_names() -> Parameter:
    return string_parameter(
        "UserProfileNames",
        'Names of up to five user profiles, separated by commas. To delete a profile, keep its comma (",bob"). The '
        "positions of the other profiles must not change. Delete the spaces of the profile, with the files in them, "
        "first. Leave empty for no profiles. If users sign in with IAM Identity Center (SSO), it must be empty, "
        "because IAM Identity Center creates the profiles.",
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


def _space_sizes() -> Parameter:
    return string_parameter(
        "StudioSpaceSizeGb",
        "Default and maximum size of the volume of a Studio space in GB, such as 5-100. The maximum must not be less "
        "than the default. A change does not resize existing volumes. Leave empty to use the sizes of SageMaker AI.",
        pattern=f"^$|^{SPACE_GB}-{SPACE_GB}$",
        hint="must be empty or two sizes from 5 to 16384, such as 5-100",
        max_length=11,
    )


def _docker() -> Parameter:
    return boolean_parameter(
        "StudioDockerAccess",
        "Allow Docker in Studio apps, for example to test jobs in the local mode of the SageMaker Python SDK. Docker "
        "can use images in Amazon ECR of this account and of trusted accounts, but no other images. If false, apps "
        "have no access to Docker.",
        default=False,
    )


def _accounts() -> Parameter:
    return string_parameter(
        "StudioDockerTrustedAccountIds",
        "IDs of other AWS accounts whose images in Amazon ECR Docker can use in Studio, separated by commas. The IDs "
        "of the accounts with the images of AWS are at the start of the image URIs in the outputs of this stack. It "
        "requires that Docker is allowed in Studio. Leave empty to trust only this account.",
        pattern=f"^$|^[0-9]{{12}}(,[0-9]{{12}}){{0,{MOST_ACCOUNTS - 1}}}$",
        hint=f"must be empty or up to {MOST_ACCOUNTS} account IDs such as 111122223333, separated by commas, without "
        "spaces",
        max_length=13 * MOST_ACCOUNTS,
    )

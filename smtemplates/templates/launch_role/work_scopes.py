"""The resources of SageMaker and Amazon EC2 on which a launch may use its actions, as rows of the table in scopes.py.

CloudFormation adds its own tags only to some types, which the provider schemas name (cloudFormationSystemTags). Users
cannot add tags whose key starts with aws:. Other types are recognized by the tags of the template.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from awacs.aws import Condition, Null, StringEqualsIfExists

from smtemplates.templates.launch_role.scope import LAUNCHED, NEW, NOT_OF_OTHER_STACKS, OWN, UNIQUE, Scope, arns

# Types that CloudFormation tags, types with only the tags of the template, and types without tags.
_IMAGES, _VERSIONS, _PROFILES = "image/studio-*", "image-version/studio-*", "user-profile/*"
_LAUNCHED = (_IMAGES, f"model-package-group/{UNIQUE}", "model/*", "notebook-instance/*")
_TAGGED = (
    "app-image-config/studio-*",
    "domain/*",
    "endpoint-config/*",
    f"endpoint/{UNIQUE}",
    "mlflow-app/*",
    "notebook-instance-lifecycle-config/*",
    f"studio-lifecycle-config/{UNIQUE}-*",
)


def see_and_tag() -> list[Scope]:
    """Allow viewing and tagging SageMaker resources, and managing those without tags."""
    wide = "User profiles of all domains can be created, changed, tagged and deleted, because they have no tags."
    return [
        Scope(
            sid="SeeSageMaker",
            actions=["sagemaker:Describe*", "sagemaker:Get*", "sagemaker:List*"],
            resources=arns("sagemaker", *_LAUNCHED, *_TAGGED, _PROFILES, _VERSIONS),
        ),
        Scope(
            sid="ManageProfiles",
            actions=["sagemaker:*UserProfile"],
            resources=arns("sagemaker", _PROFILES),
            wide=wide,
        ),
        Scope(
            sid="ManageImageVersions",
            actions=["sagemaker:*ImageVersion"],
            resources=arns("sagemaker", _IMAGES, _VERSIONS),
        ),
        # the key exists only if the tags are part of a request that creates a resource
        Scope(
            sid="TagNew",
            actions=["sagemaker:AddTags"],
            resources=arns("sagemaker", *_LAUNCHED, *_TAGGED, _PROFILES),
            condition=Condition(Null({"sagemaker:TaggingAction": "false"})),
            shared=True,
        ),
        Scope(
            sid="TagProfiles",
            actions=["sagemaker:*Tags"],
            resources=arns("sagemaker", _PROFILES),
            shared=True,
            wide=wide,
        ),
    ]


def create_and_change() -> list[Scope]:
    """Allow creating SageMaker resources with the tags, and changing only resources that have them."""
    changed = [f"sagemaker:*{kind}" for kind in ("NotebookInstance", "Model", "ModelPackageGroup*", "eImage")]
    every = arns("sagemaker", *_LAUNCHED, *_TAGGED)
    return [
        Scope(sid="MakeTagged", actions=["sagemaker:Create*"], resources=every, condition=NEW),
        Scope(sid="ManageLaunched", actions=changed, resources=arns("sagemaker", *_LAUNCHED), condition=LAUNCHED),
        Scope(sid="ManageTagged", actions=["sagemaker:*"], resources=every, condition=OWN),
    ]


def network() -> list[Scope]:
    """Allow managing network interfaces and security groups. In a shared VPC, another account owns subnets and groups.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateNotebookInstance.html
    """
    shared = arns("ec2", "security-group/*", "subnet/*", "vpc/*", account="*")
    interfaces = arns("ec2", "network-interface/*")
    groups = arns("ec2", "security-group/*", "security-group-rule/*")
    return [
        Scope(sid="SeeNetwork", actions=["ec2:Describe*"], resources=["*"]),
        Scope(
            sid="LendInterfaces",
            actions=["ec2:CreateNetworkInterfacePermission"],
            resources=interfaces,
            condition=Condition(StringEqualsIfExists({"ec2:AuthorizedService": "sagemaker.amazonaws.com"})),
            wide="SageMaker, or another account, can be authorized to use a network interface.",
        ),
        Scope(
            sid="ManageInterfaces",
            actions=["ec2:*NetworkInterface*", "ec2:CreateSecurityGroup"],
            resources=[*shared, *interfaces, *groups],
            wide="Network interfaces that are not in use can be deleted, because SageMaker creates the interface of a "
            "notebook instance without tags.",
        ),
        Scope(
            sid="DeleteGroups",
            actions=["ec2:DeleteSecurityGroup"],
            resources=arns("ec2", "security-group/*"),
            condition=LAUNCHED,
        ),
        Scope(
            sid="ManageGroups",
            actions=["ec2:*SecurityGroup*", "ec2:*Tags"],
            resources=groups,
            condition=NOT_OF_OTHER_STACKS,
            wide="Rules and tags of security groups that no stack created can be changed, because it is not known when "
            "CloudFormation tags a new group.",
        ),
    ]

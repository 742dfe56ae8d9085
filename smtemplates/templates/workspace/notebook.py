"""Notebook: an instance that is configured at every start and stops when it is idle."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import AWSObject, Base64, GetAtt, If, Join, Output, Parameter, Ref, Sub, sagemaker

from smtemplates.core.assets import read_asset, read_code
from smtemplates.core.construct import (
    NamedCondition,
    all_of,
    boolean_parameter,
    choice_parameter,
    equals,
    guard_waivers,
    is_not_empty,
    is_true,
    number_parameter,
    output,
    placeholder,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.iam import Grant, actions, allow
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.instance_rules import accelerators_need_list
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.packages import Packages
from smtemplates.templates.workspace.project import INSTANCE_TYPE, Project
from smtemplates.templates.workspace.role_user import RoleUser
from smtemplates.templates.workspace.sdk_config import SdkConfig

YEAR_MINUTES = 525600


@dataclass(frozen=True, kw_only=True)
class Notebook(RoleUser):
    """Represent the optional notebook instance. The guide shows the command that creates another one."""

    create_another: Output


@dataclass(frozen=True, kw_only=True)
class _Settings:
    create: Parameter
    instance_type: Parameter
    volume_gb: Parameter
    internet: Parameter
    root: Parameter
    idle_minutes: Parameter
    subnet: Parameter
    is_created: NamedCondition
    internet_is_auto: NamedCondition
    has_grants: NamedCondition
    has_subnet: NamedCondition

    def subnet_id(self, network: Network) -> If:
        """Return the subnet of the notebook. Use it only with a VPC."""
        return when(self.has_subnet, Ref(self.subnet), network.first_subnet())


def notebook(
    project: Project,
    encryption: Encryption,
    network: Network,
    execution_role: ExecutionRole,
    sdk_config: SdkConfig,
    packages: Packages,
) -> Notebook:
    """Build an optional notebook instance."""
    settings = _settings(network, execution_role)
    return Notebook(
        title="Notebook",
        source=__name__,
        switches={"Create notebook instance": settings.create},
        parameters={
            "Notebook instance type": settings.instance_type,
            "Notebook volume size (GB)": settings.volume_gb,
            "Notebook subnet": settings.subnet,
            "Direct internet access": settings.internet,
            "Root access": settings.root,
            "Stop notebook when idle for (minutes)": settings.idle_minutes,
        },
        conditions=[settings.is_created, settings.internet_is_auto, settings.has_grants, settings.has_subnet],
        rules={
            **region_rule(settings.create, "Notebook instances", sagemaker.NotebookInstance),
            "NotebookReachesSomething": rule(
                "NotebookDirectInternetAccess=Disabled requires VpcId and SubnetIds. Without a VPC and without "
                "internet access, the notebook has no network connection.",
                is_not_empty(network.subnet_ids),
                given=equals(settings.internet, "Disabled"),
            ),
            "NotebookSubnetNeedsVpc": rule(
                "NotebookSubnetId requires VpcId and SubnetIds.",
                is_not_empty(network.subnet_ids),
                given=is_not_empty(settings.subnet),
            ),
            "AcceleratedNotebookNeedsList": accelerators_need_list(
                project, execution_role, settings.instance_type, is_true(settings.create)
            ),
        },
        resources=_resources(
            settings,
            project,
            encryption,
            network,
            execution_role,
            _script(settings, execution_role, sdk_config, packages),
        ),
        outputs=_outputs(settings),
        create_another=_another(settings, encryption, network, execution_role),
        grants=_grants(settings, network),
        has_grants=settings.has_grants,
    )


def _resources(
    settings: _Settings,
    project: Project,
    encryption: Encryption,
    network: Network,
    role: ExecutionRole,
    script: Sub,
) -> list[AWSObject]:
    lifecycle = sagemaker.NotebookInstanceLifecycleConfig(
        "NotebookLifecycle",
        Condition=settings.is_created.name,
        OnStart=[sagemaker.NotebookInstanceLifecycleHook(Content=Base64(script))],
        Tags=project.tags(),
    )
    notebook = sagemaker.NotebookInstance(
        "Notebook",
        Condition=settings.is_created.name,
        Metadata=guard_waivers(
            SAGEMAKER_1=[network.has_vpc, settings.internet_is_auto],
            SAGEMAKER_2=network.has_vpc,
            SAGEMAKER_21=encryption.has_key,
        ),
        DirectInternetAccess=when(
            settings.internet_is_auto, when(network.has_vpc, "Disabled", "Enabled"), Ref(settings.internet)
        ),
        InstanceMetadataServiceConfiguration=sagemaker.InstanceMetadataServiceConfiguration(
            MinimumInstanceMetadataServiceVersion="2"
        ),
        InstanceType=Ref(settings.instance_type),
        KmsKeyId=encryption.key(),
        # Ref returns an ARN, which this property does not accept
        LifecycleConfigName=GetAtt(lifecycle, "NotebookInstanceLifecycleConfigName"),
        PlatformIdentifier="notebook-al2023-v1",
        RoleArn=role.execution_arn(),
        RootAccess=Ref(settings.root),
        SecurityGroupIds=when(network.has_vpc, network.security_groups()),
        SubnetId=when(network.has_vpc, settings.subnet_id(network)),
        Tags=project.tags(),
        VolumeSizeInGB=Ref(settings.volume_gb),
    )
    return [lifecycle, notebook]


def _grants(settings: _Settings, network: Network) -> list[Grant | If]:
    """Allow the role to describe and stop the notebook, and to use its subnet.

    get_execution_role() of the SageMaker SDK describes the notebook, and asks IAM only if that is denied.
    """
    use = actions("sagemaker", "DescribeNotebookInstance", "StopNotebookInstance")
    return [
        allow("StopItselfWhenIdle", use, [Ref("Notebook")]),
        when(settings.has_subnet, network.allow_in_subnet("InNotebookSubnet", Ref(settings.subnet))),
    ]


def _script(settings: _Settings, role: ExecutionRole, sdk_config: SdkConfig, packages: Packages) -> Sub:
    """Build the start script. Parameter values are passed as base64, so that no value can run as code.

    The last line refers to the policies of the role, which makes the notebook wait for them.
    """
    return Sub(
        read_asset(__package__, "notebook_start.sh") + "# Needs: ${Policies}\n",
        Policies=role.attached(),
        PackagesBase64=Base64(Ref(packages.requirements)),
        RepositoryBase64=Base64(Ref(packages.repository)),
        IdleMinutes=Ref(settings.idle_minutes),
        SdkConfigBase64=Base64(sdk_config.text()),
        Setup=packages.setup,
        AutoStop=read_code(__package__, "auto_stop.py"),
    )


def _outputs(settings: _Settings) -> list[Output]:
    name = GetAtt("Notebook", "NotebookInstanceName")
    return [
        output("NotebookInstanceName", "Name of the notebook instance", name, condition=settings.is_created),
        output("NotebookInstanceArn", "ARN of the notebook instance", Ref("Notebook"), condition=settings.is_created),
        output(
            "NotebookUrlCommand",
            "Command that prints a link to the notebook. Run it with your own credentials.",
            Sub(
                "aws --region ${AWS::Region} sagemaker create-presigned-notebook-instance-url "
                "--notebook-instance-name ${Name} --query AuthorizedUrl --output text",
                Name=GetAtt("Notebook", "NotebookInstanceName"),
            ),
            condition=settings.is_created,
        ),
    ]


def _another(settings: _Settings, encryption: Encryption, network: Network, role: ExecutionRole) -> Output:
    inside = Sub(
        " --direct-internet-access Disabled --subnet-id ${Subnet} --security-group-ids ${Groups}",
        Subnet=settings.subnet_id(network),
        Groups=Join(" ", network.security_groups()),
    )
    return output(
        "CreateNotebookCommand",
        "Command that creates another notebook instance with your own credentials. The instance is charged until "
        "you stop it.",
        Sub(
            "aws --region ${AWS::Region} sagemaker create-notebook-instance --notebook-instance-name NOTEBOOK_NAME"
            f" --instance-type {placeholder(settings.instance_type)}"
            f" --volume-size-in-gb {placeholder(settings.volume_gb)}"
            " --role-arn ${Role} --platform-identifier notebook-al2023-v1"
            f" --root-access {placeholder(settings.root)}"
            " --instance-metadata-service-configuration MinimumInstanceMetadataServiceVersion=2${Key}${Vpc}",
            Role=role.execution_arn(),
            Key=when(encryption.has_key, Sub(" --kms-key-id ${Key}", Key=encryption.key_arn()), ""),
            Vpc=when(network.has_vpc, inside, ""),
        ),
    )


def _settings(network: Network, role: ExecutionRole) -> _Settings:
    create = boolean_parameter(
        "CreateNotebook",
        "Create a notebook instance. It is charged while it runs. If false, no notebook instance is created. Changing "
        "this to false deletes the notebook instance and the files on it.",
        default=False,
    )
    internet = choice_parameter(
        "NotebookDirectInternetAccess",
        "Whether SageMaker provides internet access to the notebook. Auto means Disabled with a VPC and Enabled "
        "without one. Changing this replaces the notebook instance and deletes the files on it.",
        ("Auto", "Enabled", "Disabled"),
        default="Auto",
    )
    subnet = string_parameter(
        "NotebookSubnetId",
        "Subnet of the VPC for the notebook. Changing this to another subnet replaces the notebook instance and "
        "deletes the files on it. Leave empty to use the first of the subnets of the VPC that you enter.",
        pattern="^$|^subnet-[0-9a-f]{8,17}$",
        hint="must be empty or the ID of a subnet, such as subnet-0123456789abcdef0",
        max_length=24,
    )
    is_created = NamedCondition("CreateNotebook", is_true(create))
    return _Settings(
        is_created=is_created,
        internet_is_auto=NamedCondition("NotebookInternetIsAuto", equals(internet, "Auto")),
        has_grants=NamedCondition("AllowNotebook", all_of(is_created, role.create_role)),
        has_subnet=NamedCondition("UseNotebookSubnet", all_of(network.has_vpc, is_not_empty(subnet))),
        create=create,
        subnet=subnet,
        internet=internet,
        instance_type=string_parameter(
            "NotebookInstanceType",
            "Instance type of the notebook. Default: ml.t3.medium.",
            pattern=INSTANCE_TYPE,
            hint="must be an instance type such as ml.t3.medium",
            max_length=40,
            default="ml.t3.medium",
        ),
        volume_gb=number_parameter(
            "NotebookVolumeSizeGb",
            "Size in GB of the notebook's volume. You can increase it later, but not decrease it. Default: 20.",
            default=20,
            least=5,
            most=16384,
        ),
        root=choice_parameter(
            "NotebookRootAccess",
            "Whether users have root access on the notebook. Default: Disabled.",
            ("Disabled", "Enabled"),
            default="Disabled",
        ),
        idle_minutes=number_parameter(
            "NotebookIdleMinutes",
            "Number of minutes without use after which the notebook stops. Use is a busy kernel, input or output of a "
            "kernel or terminal, and saving an open notebook. A job in a terminal that prints nothing counts as idle. "
            "A change takes effect at the next start of the notebook. Enter 0 to never stop it. Default: 60.",
            default=60,
            least=0,
            most=YEAR_MINUTES,
        ),
    )

"""Notebook: an instance that is set up on every start and stops when nobody uses it."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import AWSObject, Base64, Equals, GetAtt, If, Join, Output, Parameter, Ref, Sub, sagemaker

from smtemplates.core.assets import read_asset
from smtemplates.core.construct import (
    Part,
    all_of,
    choice,
    is_,
    is_on,
    is_set,
    number,
    output,
    require,
    switch,
    text,
    waived,
    when,
)
from smtemplates.core.iam import actions, allow, document
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.execution_role import Roles, policy
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.packages import Software
from smtemplates.templates.workspace.project import INSTANCE_TYPE, Project
from smtemplates.templates.workspace.sdk_config import SdkConfig

YEAR_MINUTES = 525600


@dataclass(frozen=True, kw_only=True)
class _Settings:
    create: Parameter
    instance_type: Parameter
    volume_gb: Parameter
    internet: Parameter
    root: Parameter
    idle_minutes: Parameter


def notebook(
    project: Project,
    encryption: Encryption,
    network: Network,
    roles: Roles,
    sdk_config: SdkConfig,
    software: Software,
) -> Part:
    """Offer a notebook instance."""
    settings = _settings()
    return Part(
        title="Notebook",
        source=__name__,
        parameters={
            "Make a notebook instance?": settings.create,
            "Notebook instance type": settings.instance_type,
            "Notebook volume (GB)": settings.volume_gb,
            "Direct internet access": settings.internet,
            "Root access": settings.root,
            "Stop when idle for (minutes)": settings.idle_minutes,
        },
        conditions={
            "CreateNotebook": is_on(settings.create),
            "NotebookInternetIsAuto": Equals(Ref(settings.internet), "Auto"),
            "CreateNotebookPolicy": all_of(is_("CreateNotebook"), is_("CreateExecutionRole")),
        },
        rules={
            "NotebookReachesSomething": require(
                "NotebookDirectInternetAccess 'Disabled' needs VpcId and SubnetIds: "
                "without either the notebook reaches nothing.",
                is_set(network.subnet_ids),
                given=Equals(Ref(settings.internet), "Disabled"),
            )
        },
        resources=_resources(
            settings, project, encryption, network, roles, _script(settings, roles, sdk_config, software)
        ),
        outputs=[*_outputs(), _another(encryption, network, roles)],
    )


def _resources(
    settings: _Settings,
    project: Project,
    encryption: Encryption,
    network: Network,
    roles: Roles,
    script: Sub,
) -> list[AWSObject]:
    lifecycle = sagemaker.NotebookInstanceLifecycleConfig(
        "NotebookLifecycle",
        Condition="CreateNotebook",
        OnStart=[sagemaker.NotebookInstanceLifecycleHook(Content=Base64(script))],
        Tags=project.tags(),
    )
    notebook = sagemaker.NotebookInstance(
        "Notebook",
        Condition="CreateNotebook",
        Metadata=waived(
            SAGEMAKER_1=[network.has_vpc, "NotebookInternetIsAuto"],
            SAGEMAKER_2=network.has_vpc,
            SAGEMAKER_21=encryption.has_key,
        ),
        DirectInternetAccess=If(
            "NotebookInternetIsAuto", If(network.has_vpc, "Disabled", "Enabled"), Ref(settings.internet)
        ),
        InstanceMetadataServiceConfiguration=sagemaker.InstanceMetadataServiceConfiguration(
            MinimumInstanceMetadataServiceVersion="2"
        ),
        InstanceType=Ref(settings.instance_type),
        KmsKeyId=encryption.key(),
        # its Ref is an ARN, which this property does not take
        LifecycleConfigName=GetAtt(lifecycle, "NotebookInstanceLifecycleConfigName"),
        PlatformIdentifier="notebook-al2023-v1",
        RoleArn=roles.execution_arn(),
        RootAccess=Ref(settings.root),
        SecurityGroupIds=when(network.has_vpc, network.security_groups()),
        SubnetId=when(network.has_vpc, network.first_subnet()),
        Tags=project.tags(),
        VolumeSizeInGB=Ref(settings.volume_gb),
    )
    stop = allow("StopItselfWhenIdle", actions("sagemaker", "StopNotebookInstance"), [Ref(notebook)])
    return [lifecycle, notebook, policy("NotebookPolicy", "CreateNotebookPolicy", document(stop))]


def _script(settings: _Settings, roles: Roles, sdk_config: SdkConfig, software: Software) -> Sub:
    """Fill the start script; values of parameters reach it as base64 only, so that none of them can be code.

    Its last line names the role's policies and so makes the notebook wait for them.
    """
    return Sub(
        read_asset(__package__, "notebook_start.sh") + "# Needs: ${Policies}\n",
        Policies=roles.attached(),
        PackagesBase64=Base64(Ref(software.packages)),
        RepositoryBase64=Base64(Ref(software.repository)),
        IdleMinutes=Ref(settings.idle_minutes),
        SdkConfigBase64=Base64(sdk_config.text()),
        Setup=software.setup,
        AutoStop=read_asset(__package__, "auto_stop.py"),
    )


def _outputs() -> list[Output]:
    name = GetAtt("Notebook", "NotebookInstanceName")
    return [
        output("NotebookInstanceName", "Name of the notebook instance", name, condition="CreateNotebook"),
        output("NotebookInstanceArn", "ARN of the notebook instance", Ref("Notebook"), condition="CreateNotebook"),
        output(
            "NotebookUrlCommand",
            "Prints a link that opens the notebook; run it with your own credentials",
            Sub(
                "aws --region ${AWS::Region} sagemaker create-presigned-notebook-instance-url "
                "--notebook-instance-name ${Name} --query AuthorizedUrl --output text",
                Name=GetAtt("Notebook", "NotebookInstanceName"),
            ),
            condition="CreateNotebook",
        ),
    ]


def _another(encryption: Encryption, network: Network, roles: Roles) -> Output:
    inside = Sub(
        " --direct-internet-access Disabled --subnet-id ${Subnet} --security-group-ids ${Groups}",
        Subnet=network.first_subnet(),
        Groups=Join(" ", network.security_groups()),
    )
    return output(
        "CreateNotebookCommand",
        "Makes one more notebook instance, with your own credentials; it costs money until you stop it",
        Sub(
            "aws --region ${AWS::Region} sagemaker create-notebook-instance --notebook-instance-name NOTEBOOK_NAME"
            " --instance-type ${NotebookInstanceType} --volume-size-in-gb ${NotebookVolumeSizeGb}"
            " --role-arn ${Role} --platform-identifier notebook-al2023-v1 --root-access ${NotebookRootAccess}"
            " --instance-metadata-service-configuration MinimumInstanceMetadataServiceVersion=2${Key}${Vpc}",
            Role=roles.execution_arn(),
            Key=If(encryption.has_key, Sub(" --kms-key-id ${Key}", Key=encryption.key_arn()), ""),
            Vpc=If(network.has_vpc, inside, ""),
        ),
    )


def _settings() -> _Settings:
    return _Settings(
        create=switch(
            "CreateNotebook",
            "Make a notebook instance; it costs money while it runs. 'false': none.",
            default=False,
        ),
        instance_type=text(
            "NotebookInstanceType",
            "Instance type of the notebook. Left alone: ml.t3.medium.",
            pattern=INSTANCE_TYPE,
            hint="must be an instance type like ml.t3.medium",
            max_length=40,
            default="ml.t3.medium",
        ),
        volume_gb=number(
            "NotebookVolumeSizeGb",
            "Size in GB of the notebook's volume; it can grow later but not shrink. Left alone: 20.",
            default=20,
            least=5,
            most=16384,
        ),
        internet=choice(
            "NotebookDirectInternetAccess",
            "Whether SageMaker gives the notebook internet access of its own. "
            "Auto: 'Disabled' inside a VPC, 'Enabled' otherwise. A later change replaces the notebook and its files.",
            ("Auto", "Enabled", "Disabled"),
            default="Auto",
        ),
        root=choice(
            "NotebookRootAccess",
            "Whether users of the notebook are root on it. Left alone: they are not.",
            ("Disabled", "Enabled"),
            default="Disabled",
        ),
        idle_minutes=number(
            "NotebookIdleMinutes",
            "Stop the notebook after this many minutes in which no kernel, terminal or session was used. 0: never.",
            default=60,
            least=0,
            most=YEAR_MINUTES,
        ),
    )

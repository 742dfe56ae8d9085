"""Endpoint model: the model of the endpoint, from an image or the registry, and the way of serving it."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import Delete, Join, Parameter, Ref, Retain, Split, Tags, sagemaker

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    Test,
    all_of,
    any_of,
    choice_parameter,
    equals,
    is_empty,
    is_not_empty,
    not_,
    number_parameter,
    rule,
    split_list,
    string_parameter,
    when,
)
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.project import Project

SERVERLESS_MB = ("1024", "2048", "3072", "4096", "5120", "6144")
AGAIN = "To change this later, delete the endpoint first: clear the parameters of the model, then enter them again."
# A variable of ContainerEnvironment. Its value cannot end the JSON text in which it is inserted.
MOST_VARIABLES = 20
_PAIR = r"[A-Za-z_][A-Za-z0-9_]{0,127}=[ !#-+./0-9:;<>?@A-Z\[\]^_`a-z|~-]*"
_NO_KEY_TWICE = r"(?!(?:.*,)?([^,=]+)=[^,]*,(?:.*,)?\1=)"


@dataclass(frozen=True, kw_only=True)
class EndpointModel(Construct):
    """Represent the model of the endpoint. `given` is the test of `exists` for Rules, which cannot use conditions."""

    exists: NamedCondition
    given: Test
    serverless: NamedCondition
    on_instances: NamedCondition
    needs_instances: Test
    model: sagemaker.Model
    memory_mb: Parameter
    concurrency: Parameter


@dataclass(frozen=True, kw_only=True)
class _Source:
    """Contain the parameters that describe the model: a package, or an image with data."""

    image: Parameter
    data: Parameter
    prefix: Parameter
    package: Parameter
    environment: Parameter


def endpoint_model(project: Project, network: Network, execution_role: ExecutionRole) -> EndpointModel:
    """Build an optional model, and the choice between a serverless endpoint and instances.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
    """
    source, serving = _source(), _serving()
    given = any_of(is_not_empty(source.image), is_not_empty(source.package))
    on_instances = equals(serving, "Instances")
    exists = NamedCondition("CreateEndpoint", given)
    serverless = NamedCondition("ServeServerless", equals(serving, "Serverless"))
    serve_on_instances = NamedCondition("ServeOnInstances", all_of(exists, not_(serverless)))
    in_vpc = NamedCondition("ServeInVpc", all_of(serve_on_instances, network.has_vpc))
    has_image = NamedCondition("HasModelImage", is_not_empty(source.image))
    has_package = NamedCondition("HasModelPackage", is_not_empty(source.package))
    has_data = NamedCondition("HasModelData", is_not_empty(source.data))
    has_prefix = NamedCondition("HasModelPrefix", is_not_empty(source.prefix))
    has_environment = NamedCondition("HasContainerEnvironment", is_not_empty(source.environment))
    data_source = {"S3DataSource": {"CompressionType": "None", "S3DataType": "S3Prefix", "S3Uri": Ref(source.prefix)}}
    vpc = sagemaker.VpcConfig(SecurityGroupIds=network.security_groups(), Subnets=network.subnets())
    model = sagemaker.Model(
        "Model",
        Condition=exists.name,
        DeletionPolicy=Delete,
        UpdateReplacePolicy=Retain,
        ExecutionRoleArn=execution_role.once_attached(execution_role.execution_arn()),
        PrimaryContainer=sagemaker.ContainerDefinition(
            Environment=when(has_environment, _json(source.environment)),
            Image=when(has_image, Ref(source.image)),
            ModelDataSource=when(has_prefix, data_source),
            ModelDataUrl=when(has_data, Ref(source.data)),
            ModelPackageName=when(has_package, Ref(source.package)),
        ),
        Tags=endpoint_tags(project),
        VpcConfig=when(in_vpc, vpc),
    )
    memory_mb, concurrency = _serverless()
    return EndpointModel(
        title="Endpoint",
        source=__name__,
        parameters={
            "Container image of the model": source.image,
            "Model data": source.data,
            "Uncompressed model data": source.prefix,
            "Model package version": source.package,
            "Container environment": source.environment,
            "Endpoint serving": serving,
            "Serverless memory (MB)": memory_mb,
            "Serverless concurrency": concurrency,
        },
        conditions=[
            exists,
            serverless,
            serve_on_instances,
            in_vpc,
            has_image,
            has_package,
            has_data,
            has_prefix,
            has_environment,
        ],
        rules=_rules(source, given, on_instances, network),
        resources=[model],
        exists=exists,
        given=given,
        serverless=serverless,
        on_instances=serve_on_instances,
        needs_instances=on_instances,
        model=model,
        memory_mb=memory_mb,
        concurrency=concurrency,
    )


def endpoint_tags(project: Project) -> Tags:
    """Return the tags of the models and configurations of an endpoint, by which those that it served are found."""
    return project.tags() + Tags(Endpoint=project.unique_name())


def _json(environment: Parameter) -> Join:
    """Return KEY=VALUE pairs as the text of a JSON object, in which %2C and %3D become a comma and an equals sign.

    The keys of a mapping cannot come from a parameter. The schema of the resource type accepts a JSON text instead,
    which has not been verified in a live account.
    """
    pairs = Join('","', split_list(environment))
    names_and_values = Join('":"', Split("=", pairs))
    decoded = Join("=", Split("%3D", Join(",", Split("%2C", names_and_values))))
    return Join("", ['{"', decoded, '"}'])


def _rules(source: _Source, given: Test, on_instances: Test, network: Network) -> dict[str, dict[str, object]]:
    served = (sagemaker.Endpoint, sagemaker.EndpointConfig, sagemaker.Model)
    return {
        **region_rule(source.image, "Endpoints", *served),
        **region_rule(source.package, "Endpoints", *served),
        "ModelNeedsImage": rule(
            "ModelDataUrl and ModelDataPrefix require ModelImageUri, because the image contains the code that serves "
            "the model.",
            is_not_empty(source.image),
            given=any_of(is_not_empty(source.data), is_not_empty(source.prefix)),
        ),
        "OneModelSource": rule(
            "Enter ModelPackageArn or ModelImageUri, but not both. A model package contains its image and its data.",
            is_empty(source.image),
            given=is_not_empty(source.package),
        ),
        "OneModelData": rule(
            "Enter ModelDataUrl or ModelDataPrefix, but not both.",
            is_empty(source.data),
            given=is_not_empty(source.prefix),
        ),
        "UncompressedNeedsInstances": rule(
            "A serverless endpoint cannot serve an uncompressed model. Set EndpointServing to Instances, or enter a "
            "model.tar.gz as ModelDataUrl instead of ModelDataPrefix.",
            on_instances,
            given=is_not_empty(source.prefix),
        ),
        "EnvironmentNeedsModel": rule(
            "ContainerEnvironment requires ModelImageUri or ModelPackageArn.",
            given,
            given=is_not_empty(source.environment),
        ),
        "ServerlessKnowsNoVpc": rule(
            "A serverless endpoint cannot run in a VPC. Set EndpointServing to Instances, or leave VpcId and "
            "SubnetIds empty.",
            on_instances,
            given=all_of(given, is_not_empty(network.subnet_ids)),
        ),
    }


def _source() -> _Source:
    changing = "Changing this creates a new model and deploys it to the endpoint."
    image = string_parameter(
        "ModelImageUri",
        "URI of the container image in ECR that serves the model, such as an inference image in the outputs of this "
        f"stack. The stack then creates a model and an endpoint. {changing} Leave empty for no endpoint, or to use a "
        "model package.",
        pattern="^$|^[0-9]{12}[.]dkr[.]ecr[.][a-z0-9.-]+/[a-z0-9._/-]+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})$",
        hint="must be empty or the URI of an image in ECR with a tag or digest",
        max_length=400,
    )
    data = string_parameter(
        "ModelDataUrl",
        "S3 address of the model.tar.gz that the image serves. The execution role must be able to read its bucket. "
        f"{changing} Leave empty if the image contains the model, or if the model is not compressed.",
        pattern="^$|^s3://[a-z0-9.-]{3,63}/[A-Za-z0-9_./=+-]+[.]tar[.]gz$",
        hint="must be empty or an address such as s3://bucket/path/model.tar.gz",
        max_length=1024,
    )
    prefix = string_parameter(
        "ModelDataPrefix",
        "S3 address of a folder with the uncompressed files of the model, such as a large language model. It requires "
        f"instances. The execution role must be able to read its bucket. {changing} Leave empty if the model is a "
        "model.tar.gz.",
        pattern="^$|^s3://[a-z0-9.-]{3,63}/([A-Za-z0-9_./=+-]*/)?$",
        hint="must be empty or an address that ends in a slash, such as s3://bucket/path/",
        max_length=1024,
    )
    package = string_parameter(
        "ModelPackageArn",
        "ARN of a version in a model package group to serve instead of an image. The version must be approved. The "
        f"execution role must be able to read its model data. {changing} Leave empty to use no model package.",
        pattern="^$|^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:[0-9]{12}:model-package/[A-Za-z0-9-]{1,63}/[0-9]{1,9}$",
        hint="must be empty or the ARN of a version, such as "
        "arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/3",
        max_length=176,
    )
    environment = string_parameter(
        "ContainerEnvironment",
        f"Environment variables of the container: up to {MOST_VARIABLES} KEY=VALUE pairs, separated by commas. In a "
        "value, write %2C for a comma and %3D for an equals sign. Do not enter secrets, because the variables can be "
        f"read with the description of the model. {changing} Leave empty for no variables.",
        pattern=f"^$|^{_NO_KEY_TWICE}{_PAIR}(,{_PAIR}){{0,{MOST_VARIABLES - 1}}}$",
        hint=f"must be empty or up to {MOST_VARIABLES} pairs such as HF_TASK=text-generation, separated by commas, "
        "each key once, without quotation marks, backslashes, braces and further equals signs",
        max_length=4000,
    )
    return _Source(image=image, data=data, prefix=prefix, package=package, environment=environment)


def _serving() -> Parameter:
    """Build the choice. An update from serverless to instances could not be rolled back.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-update.html
    """
    return choice_parameter(
        "EndpointServing",
        "How the endpoint serves the model. Serverless is free while idle, but has no GPU and no VPC. Instances "
        f"are charged until the endpoint is deleted, and scale with the requests. {AGAIN} Default: Serverless.",
        ("Serverless", "Instances"),
        default="Serverless",
    )


def _serverless() -> tuple[Parameter, Parameter]:
    return (
        choice_parameter(
            "ServerlessMemoryMb",
            "Memory of a serverless endpoint in MB. Default: 2048.",
            SERVERLESS_MB,
            default="2048",
        ),
        number_parameter(
            "ServerlessMaxConcurrency",
            "Maximum number of concurrent requests of a serverless endpoint. Further requests are rejected. "
            "Default: 5.",
            default=5,
            least=1,
            most=200,
        ),
    )

"""CLI commands: ready to run, with the role, buckets, key, network, images and defaults of this workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import If, Sub

from smtemplates.core.construct import Construct, output, placeholder, when
from smtemplates.templates.workspace.container_images import ContainerImages
from smtemplates.templates.workspace.encryption import Encryption
from smtemplates.templates.workspace.isolation import Isolation
from smtemplates.templates.workspace.job_defaults import JobDefaults, Training
from smtemplates.templates.workspace.log_groups import TRAINING, LogGroups
from smtemplates.templates.workspace.network import Network
from smtemplates.templates.workspace.notebook import Notebook
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.storage import Storage

REGION = " --region ${AWS::Region}"
NOW = "$(date +%Y%m%d-%H%M%S)"


def cli_commands(
    project: Project,
    storage: Storage,
    encryption: Encryption,
    network: Network,
    isolation: Isolation,
    training: Training,
    processing: JobDefaults,
    container_images: ContainerImages,
    log_groups: LogGroups,
    notebook: Notebook | None = None,
) -> Construct:
    """Build outputs with the commands to upload, train, process, deploy and monitor.

    Users replace the words in capital letters. No command specifies a KMS key for volumes, because instances with local
    disks do not accept one. SageMaker encrypts these volumes with its own key.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html
    Source: https://docs.aws.amazon.com/cli/latest/reference/sagemaker/
    """
    commands = _Commands(
        project,
        storage,
        encryption,
        network,
        isolation,
        training,
        processing,
        container_images,
        log_groups,
    )
    return Construct(
        title="Guide",
        source=__name__,
        outputs=[
            output(
                "UploadTrainingDataCommand",
                "Command that uploads the folder ./data as training data with your own credentials",
                commands.upload(),
            ),
            output(
                "CreateTrainingJobCommand",
                "Command that starts a training job with TRAIN.py in code/SOURCE.tar.gz of the output bucket",
                commands.train(),
            ),
            output(
                "CreateProcessingJobCommand",
                "Command that starts a processing job with code/PROCESS.py of the output bucket on the training data",
                commands.process(),
            ),
            output(
                "CreateModelCommand",
                "Command that creates a model from the result of a training job. An image that needs an environment "
                "gets it in the container, as in Environment={KEY=VALUE,KEY=VALUE}.",
                commands.model(),
            ),
            output(
                "CreateEndpointConfigCommand",
                "Command that creates an endpoint configuration. Without a VPC it is serverless, which is free "
                "while idle. With a VPC it uses an instance, which is charged until the endpoint is deleted.",
                commands.endpoint_config(),
            ),
            output("CreateEndpointCommand", "Command that creates an endpoint", commands.endpoint()),
            output("InvokeEndpointCommand", "Command that sends REQUEST.json to the endpoint", commands.invoke()),
            output("ViewTrainingLogsCommand", "Command that shows the logs of a training job", commands.show_logs()),
            *([notebook.create_another] if notebook else []),
        ],
    )


@dataclass(frozen=True)
class _Commands:
    project: Project
    storage: Storage
    encryption: Encryption
    network: Network
    isolation: Isolation
    training: Training
    processing: JobDefaults
    images: ContainerImages
    log_groups: LogGroups

    def upload(self) -> Sub:
        return self._aws(" s3 sync ./data s3://${Input}/training/", Input=self.storage.input.name())

    def train(self) -> Sub:
        return self._create(
            " sagemaker create-training-job"
            f" --training-job-name {self._job_name()}"
            " --role-arn ${Role}"
            " --algorithm-specification TrainingImage=${Image},TrainingInputMode=File"
            " --input-data-config 'ChannelName=training,DataSource={S3DataSource={S3DataType=S3Prefix,"
            "S3Uri=s3://${Input}/training/,S3DataDistributionType=FullyReplicated}}'"
            " --output-data-config S3OutputPath=s3://${Models}/artifacts/${OutputKey}"
            f" --resource-config {_cluster(self.training)}"
            " --hyper-parameters sagemaker_program=TRAIN.py,"
            "sagemaker_submit_directory=s3://${Output}/code/SOURCE.tar.gz"
            f" --stopping-condition MaxRuntimeInSeconds={placeholder(self.training.runtime)}${{Vpc}}",
            Role=self.isolation.role.execution_arn(),
            Image=self.images.catalog["PyTorchTrainingImage"].uri(),
            Input=self.storage.input.name(),
            Models=self.storage.models.name(),
            OutputKey=self._key(",KmsKeyId={}"),
            Output=self.storage.output.name(),
            Vpc=self._vpc(" --vpc-config SecurityGroupIds={groups},Subnets={subnets}"),
        )

    def process(self) -> Sub:
        return self._create(
            " sagemaker create-processing-job"
            f" --processing-job-name {self._job_name()}"
            " --role-arn ${Role}"
            " --app-specification ImageUri=${Image},"
            "ContainerEntrypoint=python3,/opt/ml/processing/code/PROCESS.py"
            f" --processing-inputs '{_input('code', '${Output}/code/PROCESS.py')}'"
            f" '{_input('data', '${Input}/training/')}'"
            " --processing-output-config 'Outputs=[{OutputName=result,S3Output={S3Uri=s3://${Output}/processing/,"
            "LocalPath=/opt/ml/processing/result,S3UploadMode=EndOfJob}}]${ResultKey}'"
            f" --processing-resources 'ClusterConfig={{{_cluster(self.processing)}}}'"
            " --stopping-condition MaxRuntimeInSeconds=3600${Vpc}",
            Role=self.isolation.role.execution_arn(),
            Image=when(
                self.images.has_built_in,
                self.images.catalog["ScikitLearnImage"].uri(),
                self.images.catalog["PyTorchTrainingImage"].uri(),
            ),
            Input=self.storage.input.name(),
            Output=self.storage.output.name(),
            ResultKey=self._key(",KmsKeyId={}"),
            Vpc=self._vpc(" --network-config 'VpcConfig={{SecurityGroupIds=[{groups}],Subnets=[{subnets}]}}'"),
        )

    def model(self) -> Sub:
        image = self._image_or("PyTorchInferenceImage", "IMAGE_URI")
        return self._create(
            " sagemaker create-model --model-name MODEL_NAME --execution-role-arn ${Role}"
            " --primary-container Image=${Image},"
            "ModelDataUrl=s3://${Models}/artifacts/TRAINING_JOB_NAME/output/model.tar.gz${Vpc}",
            Role=self.isolation.role.execution_arn(),
            Image=image,
            Models=self.storage.models.name(),
            Vpc=self._vpc(" --vpc-config SecurityGroupIds={groups},Subnets={subnets}"),
        )

    def endpoint_config(self) -> Sub:
        """Build the command. With a VPC it uses instances, because serverless endpoints do not support a VPC.

        Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
        """
        return self._create(
            " sagemaker create-endpoint-config --endpoint-config-name ENDPOINT_CONFIG_NAME --production-variants"
            " 'VariantName=AllTraffic,ModelName=MODEL_NAME,${On}'",
            On=when(
                self.network.has_vpc,
                "InstanceType=ml.m5.large,InitialInstanceCount=1",
                "ServerlessConfig={MemorySizeInMB=2048,MaxConcurrency=5}",
            ),
        )

    def endpoint(self) -> Sub:
        return self._create(
            " sagemaker create-endpoint --endpoint-name ${Endpoint} --endpoint-config-name ENDPOINT_CONFIG_NAME",
            Endpoint=when(
                self.log_groups.has_endpoint_name, Sub(placeholder(self.log_groups.endpoint_name)), "ENDPOINT_NAME"
            ),
        )

    def invoke(self) -> Sub:
        return self._aws(
            " sagemaker-runtime invoke-endpoint --endpoint-name ${Endpoint} --content-type application/json"
            " --body fileb://REQUEST.json RESPONSE.json",
            Endpoint=when(self.log_groups.has_endpoint, self.log_groups.watched, "ENDPOINT_NAME"),
        )

    def show_logs(self) -> Sub:
        return self._aws(
            f" logs filter-log-events --log-group-name {TRAINING} --log-stream-name-prefix TRAINING_JOB_NAME"
            " --query 'events[].message' --output text"
        )

    def _job_name(self) -> str:
        return f"{placeholder(self.project.name)}-{placeholder(self.project.environment)}-{NOW}"

    def _image_or(self, name: str, otherwise: str) -> If | Sub:
        image = self.images.catalog[name]
        return when(image.condition, image.uri(), otherwise) if image.condition else image.uri()

    def _create(self, command: str, **values: Any) -> Sub:
        return self._aws(f"{command}${{Tags}}", Tags=self.isolation.option(), **values)

    @staticmethod
    def _aws(command: str, **values: Any) -> Sub:
        return Sub(f"aws{REGION}{command}", **values)

    def _key(self, option: str) -> If:
        return when(self.encryption.has_key, Sub(option.format("${Key}"), Key=self.encryption.key_arn()), "")

    def _vpc(self, option: str) -> If:
        text = option.format(groups="${Groups}", subnets=placeholder(self.network.subnet_ids))
        return when(self.network.has_vpc, Sub(text, Groups=self.network.security_groups_text()), "")


def _cluster(jobs: JobDefaults) -> str:
    return (
        f"InstanceType={placeholder(jobs.instance_type)},InstanceCount={placeholder(jobs.count)},"
        f"VolumeSizeInGB={placeholder(jobs.volume_gb)}"
    )


def _input(name: str, uri: str) -> str:
    return (
        f"InputName={name},S3Input={{S3Uri=s3://{uri},LocalPath=/opt/ml/processing/{name},"
        "S3DataType=S3Prefix,S3InputMode=File}"
    )

"""Train with the SageMaker SDK 3. Its ModelTrainer does not read the network, key or bucket from config.yaml."""

import os

from sagemaker.core.config.config_manager import SageMakerConfig
from sagemaker.core.training.configs import (
    Compute,
    InputData,
    Networking,
    OutputDataConfig,
    SourceCode,
    StoppingCondition,
    Tag,
)
from sagemaker.train.model_trainer import ModelTrainer

# Administrators and pipelines that can simulate policies would get a RoleValidationError. The SDK checks permissions of
# the role without the Region and the namespace that its conditions require, and permissions for a VPC without a VPC.
os.environ["SAGEMAKER_VALIDATE_ROLE"] = "false"

config = SageMakerConfig().load_sagemaker_config()
job, defaults = config["SageMaker"]["TrainingJob"], config["CustomParameters"]
vpc, key = job.get("VpcConfig"), job.get("OutputDataConfig", {}).get("KmsKeyId")

trainer = ModelTrainer(
    training_image="...",  # for example, the value of the output PyTorchTrainingImage
    source_code=SourceCode(source_dir="src", entry_script="train.py"),
    role=job["RoleArn"],
    compute=Compute(
        instance_type=defaults["TrainingInstanceType"],
        instance_count=int(defaults["TrainingInstanceCount"]),
        volume_size_in_gb=int(defaults["TrainingVolumeSizeGb"]),
    ),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=int(defaults["TrainingMaxRuntimeSeconds"])),
    output_data_config=OutputDataConfig(s3_output_path=f"s3://{defaults['ModelBucket']}/artifacts/", kms_key_id=key),
    networking=Networking(security_group_ids=vpc["SecurityGroupIds"], subnets=vpc["Subnets"]) if vpc else None,
    tags=[Tag(key=tag["Key"], value=tag["Value"]) for tag in job.get("Tags", [])] or None,  # with Isolation=Project
)
trainer.train(
    input_data_config=[InputData(channel_name="training", data_source=f"s3://{defaults['InputBucket']}/training/")]
)

"""Workflows with the SageMaker Python SDK 3."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import recording
from sagemaker.core.helper.session_helper import Session, get_execution_role
from sagemaker.core.processing import ScriptProcessor
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.steps import ProcessingStep
from sagemaker.serve.model_builder import ModelBuilder
from sagemaker.train.configs import Compute, SourceCode
from sagemaker.train.model_trainer import ModelTrainer

Values = Mapping[str, str]


def _snippet(values: Values) -> None:
    """Run the example of the reference, with a value for its placeholder."""
    code = Path(values["snippet"]).read_text(encoding="utf-8").replace('"..."', repr(values["image"]))
    exec(compile(code, values["snippet"], "exec"), {"__name__": "snippet"})  # noqa: S102 it is a file of this package


def _trainer(values: Values) -> object:
    trainer = ModelTrainer(
        training_image=values["image"],
        source_code=SourceCode(source_dir="src", entry_script="train.py"),
        compute=Compute(instance_type="ml.m5.large", instance_count=1),
    )
    return trainer.role


def _processor(values: Values, session: Session | None = None) -> object:
    processor = ScriptProcessor(
        image_uri=values["image"],
        command=["python3"],
        instance_type="ml.m5.large",
        instance_count=1,
        max_runtime_in_seconds=3600,
        sagemaker_session=session,
    )
    return processor.run(code="src/train.py", wait=False)


def _builder(values: Values) -> None:
    builder = ModelBuilder(
        image_uri=values["image"],
        s3_model_data_url=f"s3://{values['models']}/artifacts/churn/model.tar.gz",
        role_arn=values["role"],
        instance_type="ml.m5.large",
    )
    builder.build(model_name=f"churn-{values['caller']}")
    builder.deploy(endpoint_name=f"churn-{values['caller']}", wait=False, initial_instance_count=1)


def _pipeline(values: Values) -> None:
    session = PipelineSession()
    steps = [ProcessingStep(name="prepare", step_args=_processor(values, session))]
    pipeline = Pipeline(name=f"{values['workspace']}-{values['caller']}", steps=steps, sagemaker_session=session)
    for _ in range(2):
        pipeline.upsert(tags=[{"Key": "team", "Value": "churn"}])
    pipeline.start()


if __name__ == "__main__":
    workflows = {
        "upload data": lambda _: Session().upload_data("src", key_prefix="data"),
        "find the role": lambda _: get_execution_role(),
        "construct ModelTrainer": _trainer,
        "run the example of the reference": _snippet,
        "run Processor": _processor,
        "deploy with ModelBuilder": _builder,
        "update and start Pipeline": _pipeline,
    }
    recording.main(workflows, "sagemaker.core.helper.session_helper")

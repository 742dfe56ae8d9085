"""Workflows with the SageMaker Python SDK 2."""

from __future__ import annotations

from collections.abc import Mapping

import recording
from sagemaker import get_execution_role
from sagemaker.analytics import TrainingJobAnalytics
from sagemaker.estimator import Estimator
from sagemaker.session import Session
from sagemaker.tuner import ContinuousParameter, HyperparameterTuner

Values = Mapping[str, str]
METRICS = [{"Name": "loss", "Regex": "loss=(.*)"}]
# The estimator of the current process, once it is fitted.
FITTED: list[Estimator] = []


def _estimator(values: Values) -> Estimator:
    return Estimator(
        image_uri=values["image"],
        instance_count=1,
        instance_type="ml.m5.large",
        max_run=3600,
        output_path=f"s3://{values['models']}/artifacts/",
        source_dir="src",
        entry_point="train.py",
        metric_definitions=METRICS,
    )


def _data(values: Values) -> str:
    return f"s3://{values['input']}/training/"


def _fit(values: Values) -> None:
    FITTED.append(_estimator(values))
    FITTED[0].fit(_data(values), wait=False, job_name=f"churn-{values['caller']}")


def _analyze(values: Values) -> None:
    TrainingJobAnalytics(f"churn-{values['caller']}", metric_names=["loss"]).dataframe()


def _deploy(values: Values) -> None:
    FITTED[0].deploy(1, "ml.m5.large", endpoint_name=f"churn-{values['caller']}", wait=False)


def _tune(values: Values) -> None:
    ranges = {"rate": ContinuousParameter(0, 1)}
    tuner = HyperparameterTuner(_estimator(values), "loss", ranges, METRICS)
    tuner.fit(_data(values), wait=False, job_name=f"churn-{values['caller']}")


def _transform(values: Values) -> None:
    output = f"s3://{values['output']}/output/"
    FITTED[0].transformer(1, "ml.m5.large", output_path=output).transform(_data(values), wait=False)


def _register(values: Values) -> None:
    FITTED[0].create_model().register(["text/csv"], ["text/csv"], model_package_group_name=values["group"])


if __name__ == "__main__":
    workflows = {
        "upload data": lambda _: Session().upload_data("src", key_prefix="data"),
        "find the role": lambda _: get_execution_role(),
        "fit Estimator": _fit,
        "read the metrics of a job": _analyze,
        "deploy Estimator": _deploy,
        "run HyperparameterTuner": _tune,
        "run Transformer": _transform,
        "register a version": _register,
    }
    recording.main(workflows, "sagemaker.session")

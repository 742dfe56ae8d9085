"""Endpoints: the environment of their container, and the rollback of an update that fails."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from smtemplates.aws.errors import CloudError, DeploymentError
from smtemplates.aws_data.usage_prices import ALARM_METRIC_HOUR, M5_LARGE_HOUR, REQUESTS
from smtemplates.prove import jobs
from smtemplates.prove.experiment import Charge, Experiment, RefutedError
from smtemplates.prove.named import ENDPOINT_CONFIG, MODEL
from smtemplates.prove.trial import OTHER_REASON, Trial
from smtemplates.prove.workspace import only, with_properties, with_resources, workspace

ENVIRONMENT = "PROVE_LIST=a%2Cb,PROVE_PAIR=key%3Dvalue,PROVE_TEXT=plain text"
EXPECTED = {"PROVE_LIST": "a,b", "PROVE_PAIR": "key=value", "PROVE_TEXT": "plain text"}


def run_environment(trial: Trial) -> str:
    """Create a model with an environment, and read it."""
    parameters = {"ModelImageUri": jobs.image(trial.cloud.region), "ContainerEnvironment": ENVIRONMENT}
    template = only(workspace(["endpoint"], keep=parameters), "Model")
    template = with_resources(template, {}, {"ModelName": {"Fn::GetAtt": ["Model", "ModelName"]}})
    name = trial.deploy(template, refuting=True, parameters=parameters)["ModelName"]
    model = trial.call("sagemaker", "describe_model", ModelName=name)
    trial.check(model["PrimaryContainer"].get("Environment"), EXPECTED, "The environment of the container")
    return "CloudFormation created the model with the environment."


# A model that answers, and one that fails. The server of the scikit-learn image starts with both.
# Source: https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html (model_fn, predict_fn)
CODE = """\
def model_fn(model_dir):
    return "model"
def input_fn(data, content_type):
    return data
def predict_fn(data, model):
    {body}
def output_fn(prediction, accept):
    return prediction
"""
GOOD, BAD = "return 'ok'", "raise RuntimeError('proving the rollback')"
SERVING = "SAGEMAKER_PROGRAM=inference.py,SAGEMAKER_SUBMIT_DIRECTORY=/opt/ml/model/code"
FIRST, SECOND = "models/good/model.tar.gz", "models/rolled-back/model.tar.gz"
ALARM = "EndpointRollbackErrorsAlarm"
PARAMETERS = ("ModelImageUri", "ModelDataUrl", "ContainerEnvironment")


def archive(body: str) -> bytes:
    """Return the archive of a model whose code answers with `body`."""
    code, file = CODE.format(body=body).encode(), io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as made:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(code)
        made.addfile(entry, io.BytesIO(code))
    return file.getvalue()


def named(trial: Trial, template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template whose model and configuration have names of the experiment, with which they are deleted.

    As in the workspace, they are retained when others replace them, because the endpoint serves them after a rollback.
    """
    changed: dict[str, Any] = dict(template)
    for kind, resource in ((MODEL, "Model"), (ENDPOINT_CONFIG, "EndpointConfig")):
        name = trial.new_name()
        trial.created.append((kind, name))
        tags = [*changed["Resources"][resource]["Properties"].get("Tags", []), *trial.tag_list]
        changed = with_properties(changed, resource, {f"{resource}Name": name, "Tags": tags})
        changed["Resources"][resource]["UpdateReplacePolicy"] = "Retain"
    return changed


def call_endpoint(trial: Trial, name: str) -> str:
    """Call an endpoint, and return the error code of AWS; '' if it answers."""
    try:
        trial.call("sagemaker-runtime", "invoke_endpoint", EndpointName=name, ContentType="text/plain", Body=b"1")
    except CloudError as error:
        return error.code
    return ""


def was_triggered(trial: Trial, alarm: str) -> bool:
    """Return whether an alarm has been in the state ALARM."""
    history = trial.call("cloudwatch", "describe_alarm_history", AlarmName=alarm, HistoryItemType="StateUpdate")
    return any("to ALARM" in one["HistorySummary"] for one in history["AlarmHistoryItems"])


def run_rollback(trial: Trial) -> str:
    """Update an endpoint to a model that fails while it is called."""
    bucket = trial.deploy(only(workspace(["endpoint"]), "ModelBucket"))["ModelBucketName"]
    for key, body in ((FIRST, GOOD), (SECOND, BAD)):
        trial.call("s3", "put_object", Bucket=bucket, Key=key, Body=archive(body))
    fixed = {"EndpointServing": "Instances", "EndpointInstances": "1-1", "EndpointErrorThreshold": "0"}
    template = workspace(["endpoint"], fix=fixed, keep=PARAMETERS)
    given = {"ModelImageUri": jobs.image(trial.cloud.region), "ContainerEnvironment": SERVING}
    first = {**given, "ModelDataUrl": f"s3://{bucket}/{FIRST}"}
    endpoint = trial.deploy(named(trial, template), parameters=first)["ServedEndpointName"]
    before = trial.call("sagemaker", "describe_endpoint", EndpointName=endpoint)["EndpointConfigName"]
    trial.only_in_aws("its endpoints have no instances.")
    trial.check(call_endpoint(trial, endpoint), "", "The error of a call of the first model")
    second = {**given, "ModelDataUrl": f"s3://{bucket}/{SECOND}"}
    try:
        trial.deploy(named(trial, template), parameters=second, meanwhile=lambda: call_endpoint(trial, endpoint))
    except DeploymentError as error:
        if OTHER_REASON.search(str(error)):
            raise
        trial.note(f"The deployment failed. {error}")
    else:
        raise RefutedError("The deployment succeeded, although every call of the new model failed.")
    after = trial.call("sagemaker", "describe_endpoint", EndpointName=endpoint)["EndpointConfigName"]
    trial.check(after == before, expected=True, what="The endpoint serves the configuration from before the update")
    alarm = trial.physical_id(ALARM)
    trial.check(was_triggered(trial, alarm), expected=True, what="The alarm for the new fleet was triggered")
    return "The alarm for the new fleet rolled the update back, and the deployment reported the failure."


ENVIRONMENT_EXPERIMENT = Experiment(
    name="endpoint-environment",
    creates=("a stack with a model in the scikit-learn image, the execution role and three buckets",),
    asks=("Create the model with three environment variables as JSON text, and read its environment.",),
    refuted_by="The deployment fails, or a variable is missing or has another value.",
    charges=(Charge(1, REQUESTS),),
    minutes=15,
    run=run_environment,
)
HOURS = Decimal("1.5")
ROLLBACK_EXPERIMENT = Experiment(
    name="endpoint-rollback",
    creates=(
        "a stack with three buckets, and in one of them two models, of which one fails when it is called",
        "in the same stack, an endpoint with the first model on an ml.m5.large, its scaling and its rollback alarms",
        "during the update, a second ml.m5.large",
    ),
    asks=(
        "Update the endpoint to the failing model, and call it until the deployment ends.",
        "Read the result of the deployment, the configuration that the endpoint serves, and the history of the alarm.",
    ),
    refuted_by="The deployment succeeds, the endpoint serves the failing model, or the alarm was never triggered.",
    charges=(Charge(2 * HOURS, M5_LARGE_HOUR), Charge(4 * HOURS, ALARM_METRIC_HOUR), Charge(1, REQUESTS)),
    minutes=90,
    run=run_rollback,
)

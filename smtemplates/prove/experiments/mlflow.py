"""The permissions of the MLflow app."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from decimal import Decimal
from importlib import import_module
from typing import Any

from smtemplates.aws.session import Cloud
from smtemplates.aws_data.usage_prices import MLFLOW_APP_HOUR, REQUESTS
from smtemplates.prove import studio
from smtemplates.prove.experiment import Charge, Experiment, LateError, RefutedError
from smtemplates.prove.roles import ROLE_MINUTES, as_role
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import only, with_resources, workspace

# The address, headers and signature of the MLflow plug-in of AWS, which also reads this environment variable.
# Source: https://pypi.org/project/sagemaker-mlflow/ (version 0.5.0)
ENDPOINT_VARIABLE = "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"
APP_HEADER = "x-sm-mlflow-app-arn"
SIGNED_AS = "sagemaker"
# Source: https://mlflow.org/docs/latest/api_reference/rest-api.html
SEARCH, CREATE = "experiments/search", "experiments/create"
ALLOWED, FORBIDDEN = 200, 403


def reader(app: str) -> dict[str, Any]:
    """Return a role of the account that may only search experiments in an app, given by its logical ID."""
    actions = ["sagemaker:CallMlflowAppApi", "sagemaker-mlflow:SearchExperiments"]
    root = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    trust = {"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"}
    search = {"Effect": "Allow", "Action": actions, "Resource": {"Ref": app}}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "search", "PolicyDocument": {"Version": "2012-10-17", "Statement": [search]}}],
        },
    }


def status(trial: Trial, role: Cloud, app: str, operation: str, body: Mapping[str, Any]) -> int:
    """Call an operation of the REST API of MLflow with the credentials of a role, and return the HTTP status."""
    requests: Any = import_module("botocore.awsrequest")
    signing: Any = import_module("botocore.auth")
    sending: Any = import_module("botocore.httpsession")
    region = role.region
    host = os.environ.get(ENDPOINT_VARIABLE) or f"https://mlflow.sagemaker.{region}.app.aws"
    data = json.dumps(body).encode()
    digest = {"X-Amz-Content-SHA256": hashlib.sha256(data).hexdigest()}
    request = requests.AWSRequest(
        method="POST",
        url=f"{host}/api/2.0/mlflow/{operation}",
        data=data,
        headers={"Content-Type": "application/json", APP_HEADER: app, **digest},
    )
    signing.SigV4Auth(role.session.get_credentials(), SIGNED_AS, region).add_auth(request)
    answer = sending.URLLib3Session().send(request.prepare())
    trial.note(f"{operation}: HTTP status {answer.status_code}")
    return int(answer.status_code)


def check_allowed(trial: Trial, role: Cloud, app: str, operation: str, body: Mapping[str, Any]) -> None:
    """Check that a role may call an operation. Its policies have an effect only after some seconds.

    Raises:
        RefutedError: It may not.
    """

    def question() -> bool | None:
        return True if status(trial, role, app, operation, body) == ALLOWED else None

    try:
        trial.until(f"{operation} is allowed", question, minutes=ROLE_MINUTES)
    except LateError as error:
        raise RefutedError(f"{operation} does not succeed with the role. {trial.notes[-1]}") from error


def run(trial: Trial) -> str:
    """Create an experiment in the app with the execution role, and try the same with a role that may only search."""
    template = studio.assumable(workspace(["mlflow"], fix={"CreateMlflow": "true"}))
    template = only(with_resources(template, {"Reader": reader("MlflowApp")}), "MlflowApp", "TrackingPolicy", "Reader")
    template = with_resources(template, {}, {"ReaderArn": {"Fn::GetAtt": ["Reader", "Arn"]}})
    outputs = trial.deploy(template)
    trial.only_in_aws("its MLflow app has no server.")
    app = outputs["MlflowAppArn"]
    full, searching = as_role(trial, outputs["ExecutionRoleArn"]), as_role(trial, outputs["ReaderArn"])
    check_allowed(trial, full, app, CREATE, {"name": trial.new_name()})
    check_allowed(trial, searching, app, SEARCH, {"max_results": 1})
    found = status(trial, searching, app, CREATE, {"name": trial.new_name()})
    trial.check(found, FORBIDDEN, "The HTTP status of creating an experiment with the role that may only search")
    return "The execution role created an experiment. A role with only SearchExperiments could search, and not create."


EXPERIMENT = Experiment(
    name="mlflow-app",
    creates=(
        "a stack with an MLflow app, three buckets, and the execution role, which the account can assume",
        "in the same stack, a role that may call the app, but may only search experiments",
        "an MLflow experiment in the app, which is deleted with the app",
    ),
    asks=(
        "Create an MLflow experiment with the execution role through the REST API.",
        "Search experiments, and try to create one, with the role that may only search.",
    ),
    refuted_by="The execution role cannot create an experiment, the other role cannot search, or it can create one.",
    charges=(Charge(Decimal("0.75"), MLFLOW_APP_HOUR), Charge(1, REQUESTS)),
    minutes=45,
    run=run,
)

"""The cases of experiments with Studio, MLflow, endpoints, Service Catalog and StackSets."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from deploying.local_aws import Aws

from proving.case import Case
from proving.clouds import Answer, Forward
from smtemplates.prove.experiment import PREFIX
from smtemplates.prove.experiments.mlflow import CREATE, ENDPOINT_VARIABLE
from smtemplates.prove.experiments.studio_apps import PACKAGE
from smtemplates.prove.logs import STUDIO
from smtemplates.prove.networks import OF_SAGEMAKER
from smtemplates.prove.studio import PROFILE

DENIED = "User is not authorized to perform: {} because no identity-based policy allows the action"


def failed(reason: str) -> Any:
    return lambda answer: {**answer, "Status": "Failed", "FailureReason": reason}


# --- Studio


ARN = "arn:aws:sagemaker:us-east-1:000000000000:domain/d-0123456789ab"
GROUP = {
    "GroupId": "sg-0123456789abcdef0",
    "GroupName": "security-group-for-outbound-nfs-d-0123456789ab",
    "Tags": [{"Key": OF_SAGEMAKER, "Value": ARN}],
}
left = [GROUP]  # the remaining groups of the domain


def with_group(answer: Any) -> Any:
    return {**answer, "SecurityGroups": [*answer["SecurityGroups"], *left]}


def with_deletion(_aws: Aws) -> Mapping[str, Answer]:
    """Return answers with the deletion of the security group that the domain left."""
    left[:] = [GROUP]

    def delete(request: dict[str, Any], forward: Forward) -> Any:
        if request["GroupId"] != GROUP["GroupId"]:
            return forward(**request)
        left.clear()
        return {}

    return {"delete_security_group": delete}


def started(aws: Aws, request: dict[str, Any], forward: Forward) -> Any:
    """Start an app, which writes a log stream. SageMaker creates its log group if the account has none."""
    logs = aws.client("logs")
    with suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=STUDIO)
    stream = f"{request['DomainId']}/{request['SpaceName']}/{request['AppType']}/{request['AppName']}"
    logs.create_log_stream(logGroupName=STUDIO, logStreamName=stream)
    return forward(**request)


def starting(aws: Aws) -> Mapping[str, Answer]:
    """Return answers with the log streams of apps."""
    return {"create_app": partial(started, aws)}


def without_docker(answer: Any) -> Any:
    return {**answer, "DomainSettings": {}}


def with_grants(aws: Aws) -> Mapping[str, Answer]:
    """Return answers with the grant of the volume of a space."""
    grant = {"GrantId": "0" * 64, "Operations": ["CreateGrant", "Decrypt", "GenerateDataKeyWithoutPlaintext"]}
    return {**starting(aws), "list_grants": lambda _request, _forward: {"Grants": [grant]}}


def with_environments(aws: Aws) -> Mapping[str, Answer]:
    """Return answers of apps whose script reports the Python environment."""

    def create(request: dict[str, Any], forward: Forward) -> Any:
        s3 = aws.client("s3")
        names = [one["Name"] for one in s3.list_buckets()["Buckets"]]
        (bucket,) = (name for name in names if name.startswith(f"{PREFIX}studio-scripts") and "output" in name)
        s3.put_object(Bucket=bucket, Key=f"processing/{request['AppType']}.txt", Body=f"{PACKAGE}\n".encode())
        return started(aws, request, forward)

    return {"create_app": create}


def with_events(aws: Aws) -> Mapping[str, Answer]:
    """Return answers with the call of the script in CloudTrail, and with a call of another role."""

    def look(request: dict[str, Any], _forward: Forward) -> Any:
        assert request["LookupAttributes"] == [{"AttributeKey": "EventName", "AttributeValue": "GetParameter"}]
        roles = [one["Arn"] for one in aws.client("iam").list_roles()["Roles"] if "source-identity" in one["Arn"]]
        contexts = [
            {"sessionIssuer": {"arn": roles[0]}, "sourceIdentity": PROFILE},
            {"sessionIssuer": {"arn": "arn:aws:iam::000000000000:role/other"}},
        ]
        events = [{"CloudTrailEvent": json.dumps({"userIdentity": {"sessionContext": one}})} for one in contexts]
        return {"Events": [*events, {"CloudTrailEvent": json.dumps({"userIdentity": {"type": "Root"}})}]}

    return {**starting(aws), "lookup_events": look}


def with_another_identity(answer: Any) -> Any:
    events = [{"CloudTrailEvent": one["CloudTrailEvent"].replace(PROFILE, "other")} for one in answer["Events"]]
    return {**answer, "Events": events}


def with_images(aws: Aws) -> Mapping[str, Answer]:
    """Return answers of ECR, and of apps of which only the first one lacks the permission."""
    spaces: list[str] = []

    def describe(request: dict[str, Any], forward: Forward) -> Any:
        if request["SpaceName"] not in spaces:
            spaces.append(request["SpaceName"])
        first = request["SpaceName"] == spaces[0]
        reason = DENIED.format("sagemaker:DescribeImageVersion") if first else "The image has no entry point."
        return failed(reason)(forward(**request))

    return {
        **starting(aws),
        "initiate_layer_upload": lambda _request, _forward: {"uploadId": "1", "partSize": 1},
        "upload_layer_part": lambda _request, _forward: {},
        "complete_layer_upload": lambda _request, _forward: {},
        "put_image": lambda _request, _forward: {},
        "describe_app": describe,
    }


# --- MLflow


class Tracking(BaseHTTPRequestHandler):
    """A server of MLflow, to which the session token of a request is the name of the role."""

    def do_POST(self) -> None:
        """Deny the creation of experiments to the role that may only search."""
        self.rfile.read(int(self.headers["Content-Length"]))
        signed = (
            self.headers["Authorization"].startswith("AWS4-HMAC-SHA256")
            and ":mlflow-app/" in self.headers["x-sm-mlflow-app-arn"]
        )
        denied = self.path.endswith(CREATE) and "Reader" in self.headers["X-Amz-Security-Token"]
        self.send_response(403 if denied or not signed else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Print nothing."""


@cache
def tracking() -> str:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Tracking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def with_tracking(_aws: Aws) -> Mapping[str, Answer]:
    """Return answers with credentials that name the role, for a server of MLflow that evaluates them."""
    os.environ[ENDPOINT_VARIABLE] = tracking()

    def assume(request: dict[str, Any], forward: Forward) -> Any:
        answer = forward(**request)
        name = request["RoleArn"].rpartition("/")[2]
        return {**answer, "Credentials": {**answer["Credentials"], "SessionToken": name}}

    return {"assume_role": assume}


def with_another_role(answer: Any) -> Any:
    return {**answer, "Credentials": {**answer["Credentials"], "SessionToken": "other"}}


# --- endpoints


def without_environment(answer: Any) -> Any:
    return {**answer, "PrimaryContainer": {**answer["PrimaryContainer"], "Environment": {}}}


def with_history(aws: Aws) -> Mapping[str, Answer]:
    """Return answers of a model that is called and writes logs, and of the alarm that it triggers."""
    item = {"HistorySummary": "Alarm updated from INSUFFICIENT_DATA to ALARM"}

    def invoke(request: dict[str, Any], _forward: Forward) -> Any:
        logs = aws.client("logs")
        with suppress(logs.exceptions.ResourceAlreadyExistsException):
            logs.create_log_group(logGroupName=f"/aws/sagemaker/Endpoints/{request['EndpointName']}")
        return {"Body": b"ok"}

    return {
        "invoke_endpoint": invoke,
        "describe_alarm_history": lambda _request, _forward: {"AlarmHistoryItems": [item]},
    }


def without_history(answer: Any) -> Any:
    return {**answer, "AlarmHistoryItems": []}


# --- Service Catalog and StackSets


def with_updates(aws: Aws) -> Mapping[str, Answer]:
    """Return answers with the update of a launched product, and with a record for each termination."""

    def update(request: dict[str, Any], _forward: Forward) -> Any:
        known = aws.client("servicecatalog").describe_provisioned_product(Name=request["ProvisionedProductName"])
        return {"RecordDetail": {"RecordId": known["ProvisionedProductDetail"]["LastRecordId"]}}

    def terminate(request: dict[str, Any], forward: Forward) -> Any:
        return {"RecordDetail": {**forward(**request)["RecordDetail"], "RecordId": "rec-termination"}}

    return {"update_provisioned_product": update, "terminate_provisioned_product": terminate}


def tainted(answer: Any) -> Any:
    detail = {**answer["ProvisionedProductDetail"], "Status": "TAINTED", "StatusMessage": DENIED.format("s3:PutObject")}
    return {**answer, "ProvisionedProductDetail": detail}


def outdated(answer: Any) -> Any:
    return {**answer, "Summaries": [{**one, "Status": "OUTDATED"} for one in answer["Summaries"]]}


CASES: Mapping[str, Case] = {
    "catalog-launch": Case(faults={"describe_provisioned_product": tainted}, answers=with_updates),
    "domain-without-home": Case(faults={"describe_security_groups": with_group}, answers=with_deletion),
    "endpoint-environment": Case(faults={"describe_model": without_environment}),
    "endpoint-rollback": Case(faults={"describe_alarm_history": without_history}, answers=with_history),
    "fleet-regions": Case(faults={"list_stack_instances": outdated}),
    "mlflow-app": Case(faults={"assume_role": with_another_role}, answers=with_tracking),
    "source-identity": Case(faults={"lookup_events": with_another_identity}, answers=with_events),
    "studio-grants": Case(faults={"list_grants": lambda _answer: {"Grants": []}}, answers=with_grants),
    "studio-images": Case(
        faults={"describe_app": failed(DENIED.format("sagemaker:DescribeImageVersion"))}, answers=with_images
    ),
    "studio-scripts": Case(
        faults={"describe_app": failed("The lifecycle configuration ended with exit code 1.")},
        answers=with_environments,
    ),
    "studio-settings": Case(faults={"describe_domain": without_docker}),
}

"""The jobs of SageMaker in tests. They write a result and a log stream. Each description shows them one step later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deploying.local_aws import Aws

from proving.clouds import REGION, Answer, Forward
from smtemplates.aws.errors import CloudError

ENDED = ("Completed", "Failed", "Stopped")
NEXT = {"InProgress": "Completed", "Stopping": "Stopped"}


class Jobs:
    """The jobs of one kind by name, and their tags by ARN."""

    def __init__(self, aws: Aws, noun: str, tags: dict[str, Any]) -> None:
        self.aws = aws
        self.noun = noun
        self.tags = tags
        self.jobs: dict[str, dict[str, Any]] = {}

    def answers(self) -> Mapping[str, Answer]:
        word = self.noun.lower()
        each = {"create": self.create, "describe": self.describe, "stop": self.stop, "delete": self.delete}
        return {f"list_{word}_jobs": self.list, **{f"{verb}_{word}_job": answer for verb, answer in each.items()}}

    def create(self, request: dict[str, Any], _forward: Forward) -> dict[str, Any]:
        name = request[f"{self.noun}JobName"]
        arn = f"arn:aws:sagemaker:{REGION}:000000000000:{self.noun.lower()}-job/{name}"
        about = {f"{self.noun}JobArn": arn, f"{self.noun}JobStatus": "InProgress", "CreationTime": 0}
        given = {key: value for key, value in request.items() if key != "Tags"}
        if self.noun == "Training":
            target = f"{request['OutputDataConfig']['S3OutputPath']}{name}/model.tar.gz"
            about |= {"SecondaryStatus": "Completed", "ModelArtifacts": {"S3ModelArtifacts": target}}
            self._write(target, b"model")
        else:
            source = request["ProcessingInputs"][0]["S3Input"]["S3Uri"]
            output = request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
            self._write(f"{output}copy.csv", self._read(source))
        group = f"/aws/sagemaker/{self.noun}Jobs"
        self.aws.client("logs").create_log_stream(logGroupName=group, logStreamName=f"{name}/algo-1")
        self.jobs[name] = {**given, **about}
        self.tags[arn] = request["Tags"]
        return {f"{self.noun}JobArn": arn}

    def describe(self, request: dict[str, Any], _forward: Forward) -> dict[str, Any]:
        job, field = self._job(request), f"{self.noun}JobStatus"
        shown = dict(job)
        job[field] = NEXT.get(shown[field], shown[field])
        if shown[field] == "Deleting":
            del self.jobs[request[f"{self.noun}JobName"]]
        return shown

    def list(self, _request: dict[str, Any], _forward: Forward) -> dict[str, Any]:
        shown = (f"{self.noun}JobName", f"{self.noun}JobArn", f"{self.noun}JobStatus", "CreationTime")
        return {f"{self.noun}JobSummaries": [{key: job[key] for key in shown} for job in self.jobs.values()]}

    def stop(self, request: dict[str, Any], _forward: Forward) -> dict[str, Any]:
        job, field = self._job(request), f"{self.noun}JobStatus"
        if job[field] != "InProgress":
            raise CloudError(f"The job is in status {job[field]}.", code="ValidationException")
        job[field] = "Stopping"
        return {}

    def delete(self, request: dict[str, Any], _forward: Forward) -> dict[str, Any]:
        job, field = self._job(request), f"{self.noun}JobStatus"
        assert job[field] in ENDED
        job[field] = "Deleting"
        if self.noun == "Processing":  # its deletion has no status
            del self.jobs[request[f"{self.noun}JobName"]]
        return {}

    def _job(self, request: dict[str, Any]) -> dict[str, Any]:
        name = request[f"{self.noun}JobName"]
        if name not in self.jobs:
            raise CloudError("Requested resource not found.", code="ValidationException")
        return self.jobs[name]

    def _write(self, uri: str, content: bytes) -> None:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=content)

    def _read(self, uri: str) -> bytes:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        s3 = self.aws.client("s3")
        first = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"][0]["Key"]
        content: bytes = s3.get_object(Bucket=bucket, Key=first)["Body"].read()
        return content


def jobs(aws: Aws) -> dict[str, Answer]:
    """Return the answers of SageMaker about its jobs."""
    tags: dict[str, Any] = {}
    found: dict[str, Answer] = {"list_tags": lambda request, _forward: {"Tags": tags[request["ResourceArn"]]}}
    return {**found, **Jobs(aws, "Training", tags).answers(), **Jobs(aws, "Processing", tags).answers()}

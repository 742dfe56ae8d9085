"""The local cloud with answers of AWS that it cannot give, with faults in the answers, and with interruptions.

Every answer and every call that it receives is checked with the service models of the SDK.
"""

from __future__ import annotations

import copy
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import import_module
from typing import Any

from deploying.local_aws import Aws

from smtemplates.aws.connection import Connection
from smtemplates.aws.errors import DENIED, CloudError
from smtemplates.aws.sdk import Session
from smtemplates.aws.session import Cloud
from smtemplates.local_cloud.lifecycle import CLIENT
from smtemplates.prove.experiment import PREFIX, TAG

VALIDATE: Any = import_module("botocore.validate")  # it has no types
REGION = CLIENT["AWS_DEFAULT_REGION"]

# The local cloud needs some time to create a stack. Polling without a pause would take its processor time.
POLL_SECONDS = 0.03

# The answer to a call with these arguments. The function forwards a call with other arguments to the local cloud.
Forward = Callable[..., Any]
Answer = Callable[[dict[str, Any], Forward], Any]
# The false answer that replaces an answer.
Fault = Callable[[Any], Any]


class Lenient:
    """The fault that AWS answers calls that IAM denies, except those with one role."""

    def __init__(self, answer: Mapping[str, Any], *, except_for: str) -> None:
        self.answer = answer
        self.except_for = except_for

    def __call__(self, answer: Any) -> Any:
        return answer

    def answered(self, error: CloudError) -> Any:
        """Return the answer instead of a denial."""
        if error.code not in DENIED or self.except_for in str(error):
            raise error
        return self.answer


def refusing(code: str, message: str) -> Answer:
    """Return the answer that rejects a call."""

    def refuse(_request: dict[str, Any], _forward: Forward) -> Any:
        raise CloudError(message, code=code)

    return refuse


# SageMaker runs no jobs in the local cloud, so it does not list any. It does not list tags either.
TAGS = [{"Key": TAG, "Value": "experiment"}]
NOTHING: Mapping[str, Answer] = {
    "list_tags": lambda _request, _forward: {"Tags": TAGS},
    "list_training_jobs": lambda _request, _forward: {"TrainingJobSummaries": []},
    "list_processing_jobs": lambda _request, _forward: {"ProcessingJobSummaries": []},
}


class KilledError(BaseException):
    """The process was killed, so nothing that follows in it is executed."""


@dataclass
class Script:
    """The differences of a cloud from the local cloud. The operations have the names of the SDK's methods.

    `interrupted_call` is the number of the call after which Ctrl-C is pressed, and `last_call` of the one after which
    the process is killed.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    faults: Mapping[str, Fault] = field(default_factory=dict)
    interrupted_call: int | None = None
    last_call: int | None = None


def _pause(_seconds: float) -> None:
    time.sleep(POLL_SECONDS)


class Scripted(Cloud):
    """The local cloud with a script. It waits only for the local cloud, and counts all calls."""

    def __init__(self, url: str) -> None:
        session = Session(profile=None, region=REGION)
        session.core.set_credentials("test", "test")
        super().__init__(Connection(endpoint_url=url), session=session, pause=_pause)
        self.script = Script()
        self.number = 0

    def call(self, service: str, operation: str, **arguments: Any) -> Any:
        if self.number == self.script.last_call:
            raise KilledError
        forward = partial(super().call, service, operation)
        answer = {**NOTHING, **self.script.answers}.get(operation)
        fault = self.script.faults.get(operation)
        try:
            result = self._answer(service, operation, answer, arguments, forward) if answer else forward(**arguments)
        except CloudError as error:
            if not isinstance(fault, Lenient):
                raise
            result = fault.answered(error)
        if fault:
            result = fault(result)
        self.number += 1
        if self.number == self.script.interrupted_call:
            signal.raise_signal(signal.SIGINT)
        return result

    def _answer(self, service: str, operation: str, answer: Answer, arguments: dict[str, Any], forward: Forward) -> Any:
        """Return a scripted answer after a check of the call and of the answer."""
        client = self.client(service)
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        try:
            result = answer(arguments, forward)
        except CloudError:
            _check(operation, arguments, model.input_shape)
            raise
        plain = {key: value for key, value in result.items() if key != "ResponseMetadata"}
        _check(operation, arguments, model.input_shape)
        _check(operation, plain, model.output_shape)
        return result


def _check(operation: str, value: Any, shape: Any) -> None:
    """Check a request or an answer with its model."""
    report = VALIDATE.ParamValidator().validate(value, shape).generate_report() if shape else ""
    # the local cloud returns empty texts where AWS returns none
    assert [line for line in report.splitlines() if not line.startswith("Invalid length")] == [], operation


_cloud = cache(Scripted)


def scripted(aws: Aws, script: Script) -> Scripted:
    """Return a cloud with a script. All of them share their clients, because a new client needs much time."""
    cloud = copy.copy(_cloud(aws.url))
    cloud.script = script
    return cloud


def rest(aws: Aws) -> list[str]:
    """Return the resources of experiments outside of stacks, as the services list them."""
    topics = [one["TopicArn"] for one in aws.client("sns").list_topics()["Topics"]]
    queues = aws.client("sqs").list_queues(QueueNamePrefix=PREFIX).get("QueueUrls", [])
    groups = [one["logGroupName"] for one in aws.client("logs").describe_log_groups()["logGroups"]]
    models = [one["ModelName"] for one in aws.client("sagemaker").list_models()["Models"]]
    return [*(one for one in topics if PREFIX in one), *queues, *(one for one in groups if "sagemaker" in one), *models]

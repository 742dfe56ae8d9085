"""The tools of one run of an experiment: stacks through the deployer, calls, and waiting with a limit."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from smtemplates.aws.errors import DeploymentError
from smtemplates.aws.session import Cloud
from smtemplates.deploy import api
from smtemplates.deploy.change_sets.change_plan import Plan
from smtemplates.deploy.requests import template as templates
from smtemplates.deploy.requests.parameters import Settings
from smtemplates.deploy.requests.request import Options, Request
from smtemplates.deploy.reviewer import Silent
from smtemplates.prove.experiment import TAG, Experiment, LateError, RefutedError, UnverifiableError
from smtemplates.prove.kind import Kind
from smtemplates.synth.renderer import compact

POLL_SECONDS = 5.0
# Failures for which the account or the capacity of AWS is the reason, and not the template.
OTHER_REASON = re.compile(
    r"limit|quota|capacity|throttl|rate exceeded|internal ?(server ?)?(error|failure)", re.IGNORECASE
)

Answer = TypeVar("Answer")


class Trial:
    """One run of an experiment. `local` is whether the calls go to a local cloud. `notes` are its observations."""

    def __init__(self, cloud: Cloud, experiment: Experiment, *, say: Callable[[str], None], local: bool) -> None:
        """Create the tools, and start the clock."""
        self.cloud = cloud
        self.experiment = experiment
        self.local = local
        self.stack = experiment.prefix
        self.notes: list[str] = []
        self.created: list[tuple[Kind, str]] = []
        self._say = say
        self._began = time.monotonic()
        self._paused = 0.0

    @property
    def tags(self) -> dict[str, str]:
        """The tag of everything that the experiment creates."""
        return {TAG: self.experiment.name}

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """The tag in the form of most operations."""
        return [{"Key": key, "Value": value} for key, value in self.tags.items()]

    @property
    def elapsed(self) -> float:
        """The duration so far in seconds."""
        return max(time.monotonic() - self._began, self._paused)

    def new_name(self) -> str:
        """Return a name that nothing has had before."""
        return f"{self.experiment.prefix}-{uuid.uuid4().hex[:8]}"

    def note(self, text: str) -> None:
        """Record an observation for the report, and show it."""
        self.notes.append(text)
        self._say(f"  {text}")

    def call(self, service: str, operation: str, **arguments: Any) -> Any:
        """Call an operation that does not create a resource outside the stack of the experiment."""
        return self.cloud.call(service, operation, **arguments)

    def create(self, kind: Kind, name: str, service: str, operation: str, **arguments: Any) -> Any:
        """Call an operation that creates a resource. The resource is registered for deletion before the call."""
        self.created.append((kind, name))
        return self.cloud.call(service, operation, **arguments)

    def deploy(
        self,
        template: Mapping[str, Any],
        *,
        refuting: bool = False,
        parameters: Mapping[str, str] | None = None,
        suffix: str = "",
        meanwhile: Callable[[], object] = lambda: None,
        **fields: Any,
    ) -> Mapping[str, str]:
        """Create or update the stack of the experiment, and return its outputs.

        With `refuting`, a failed deployment refutes the inference, unless a quota or the capacity is the reason.
        `suffix` is the end of the name of a further stack, which is deleted before the stack without it. `meanwhile`
        is called whenever the deployment waits. `fields` are further fields of the request.
        """
        request = self._request(template, parameters or {}, suffix, fields)
        options = Options(timeout_seconds=max(self.experiment.minutes * 60 - self.elapsed, 1))
        self.note(f"Deploy stack {request.stack}.")
        allowed = api.Allowed(destructive=True)

        def pause(seconds: float) -> None:
            meanwhile()
            self.cloud.pause(seconds)

        try:
            done = api.deploy(self.cloud.pausing(pause), request, options=options, allowed=allowed, reviewer=Silent())
        except DeploymentError as error:
            if refuting and not OTHER_REASON.search(str(error)):
                raise RefutedError(f"The deployment failed. {error}") from error
            raise
        return {name: output.value for name, output in done.stack.outputs.items()}

    def plan(self, template: Mapping[str, Any], **fields: Any) -> Plan:
        """Return the plan of a deployment of the stack. Nothing is changed."""
        self.note(f"Plan stack {self.stack}.")
        return api.plan(self.cloud, self._request(template, {}, "", fields))

    def _request(
        self, template: Mapping[str, Any], parameters: Mapping[str, str], suffix: str, fields: Mapping[str, Any]
    ) -> Request:
        settings = Settings(tags=self.tags, parameters=parameters)
        parsed = templates.parsed(compact(template), f"the template of {self.experiment.name}")
        return Request(stack=f"{self.stack}{suffix}", template=parsed, settings=settings, **fields)

    def physical_id(self, logical_id: str) -> str:
        """Return the physical ID of a resource of the stack."""
        arguments = {"StackName": self.stack, "LogicalResourceId": logical_id}
        found = self.call("cloudformation", "describe_stack_resource", **arguments)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def until(
        self,
        expected: str,
        question: Callable[[], Answer | None],
        *,
        minutes: float | None = None,
        every: float = POLL_SECONDS,
    ) -> Answer:
        """Ask until the answer is not None, and return it. `expected` completes "Wait until ...".

        `every` is the number of seconds between two questions.

        Raises:
            LateError: There was no answer within `minutes`, or within the duration of the experiment.
        """
        self.note(f"Wait until {expected}.")
        limit = self.experiment.minutes * 60.0
        if minutes is not None:
            limit = min(limit, self.elapsed + minutes * 60)
        while (answer := question()) is None:
            if self.elapsed >= limit:
                raise LateError(f"AWS was not observed to reach this state in time: {expected}.")
            self.cloud.pause(every)
            self._paused += every
        return answer

    def only_in_aws(self, reason: str) -> None:
        """End the experiment on a local cloud.

        Raises:
            UnverifiableError: The calls go to a local cloud.
        """
        if self.local:
            raise UnverifiableError(f"This cannot be verified on the local cloud: {reason}")

    def check(self, observed: object, expected: object, what: str) -> None:
        """Record an observation, and compare it with the one that the inference predicts.

        Raises:
            RefutedError: They differ.
        """
        self.note(f"{what}: {observed}")
        if observed != expected:
            raise RefutedError(f"{what}: {observed}. The inference predicts: {expected}.")

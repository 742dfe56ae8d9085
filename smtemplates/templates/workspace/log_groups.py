"""Logs: where SageMaker writes, and for how long it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import AWSHelperFn, Equals, If, Or, Parameter, Ref, Sub

from smtemplates.core.construct import Part, is_, is_on, is_set, output, require, switch, text, when
from smtemplates.core.iam import regional
from smtemplates.templates.workspace.endpoint import Endpoint

TRAINING, PROCESSING, TRANSFORM = (f"/aws/sagemaker/{kind}Jobs" for kind in ("Training", "Processing", "Transform"))
SHARED_GROUPS = (TRAINING, PROCESSING, TRANSFORM, "/aws/sagemaker/NotebookInstances", "/aws/sagemaker/studio")
ENDPOINT = "/aws/sagemaker/Endpoints/${EndpointName}"
# Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
SHORT_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180)
LONG_DAYS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
RETENTION_DAYS = SHORT_DAYS + LONG_DAYS


@dataclass(frozen=True, kw_only=True)
class Logs(Part):
    """Hold the log groups that SageMaker writes to; most are one per account and Region, whatever the stack."""

    manage: str
    retention: Parameter
    has_endpoint: str
    watched: AWSHelperFn

    def groups(self) -> list[Any]:
        """List the names of all log groups, the watched endpoint's too when there is one."""
        return [*SHARED_GROUPS, when(self.has_endpoint, Sub(ENDPOINT, EndpointName=self.watched))]

    def group_arns(self) -> list[Any]:
        """Name the same groups as IAM does, with all their streams."""
        one = regional("logs", f"log-group:{ENDPOINT}:*", EndpointName=self.watched)[0]
        return [*regional("logs", *(f"log-group:{name}:*" for name in SHARED_GROUPS)), when(self.has_endpoint, one)]


def logs(served: Endpoint | None = None) -> Logs:
    """Keep SageMaker's logs for as long as the team wants; where an endpoint is `served` here, that is watched."""
    manage, retention, endpoint = _parameters()
    conditions = {"ManageLogGroups": is_on(manage), "HasEndpointName": is_set(endpoint)}
    has_endpoint = "HasEndpointName"
    watched: AWSHelperFn = Ref(endpoint)
    rules = {}
    if served:
        has_endpoint, watched = "WatchOneEndpoint", If(served.exists, served.name, Ref(endpoint))
        conditions[has_endpoint] = Or(is_("HasEndpointName"), is_(served.exists))
        rules["OneEndpointIsWatched"] = require(
            "Leave EndpointName empty with ModelImageUri: dashboard and alarms watch the endpoint that is made.",
            Equals(Ref(endpoint), ""),
            given=is_set(served.image),
        )
    return Logs(
        title="Monitoring",
        source=__name__,
        parameters={
            "Manage the log groups?": manage,
            "Keep logs for (days)": retention,
            "Endpoint to watch": endpoint,
        },
        conditions=conditions,
        rules=rules,
        outputs=[
            output("TrainingLogGroupName", "Log group of training jobs", TRAINING),
            output("ProcessingLogGroupName", "Log group of processing jobs", PROCESSING),
            output(
                "EndpointLogGroupName",
                "Log group of the watched endpoint; without EndpointName what all endpoints' groups start with",
                Sub(ENDPOINT, EndpointName=watched),
            ),
        ],
        manage="ManageLogGroups",
        retention=retention,
        has_endpoint=has_endpoint,
        watched=watched,
    )


def _parameters() -> tuple[Parameter, Parameter, Parameter]:
    manage = switch(
        "ManageLogGroups",
        "Make SageMaker's log groups where they are missing and set their retention. THE ACCOUNT SHARES THEM: where "
        "none was set, older events of every team go too. They outlive the stack. 'false': they are left alone.",
        default=True,
    )
    retention = Parameter(
        "LogRetentionDays",
        Type="Number",
        Description="Days that log events are kept. A longer retention that this stack did not set stays. "
        "Left alone: 30.",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
        ConstraintDescription=f"must be one of {', '.join(map(str, RETENTION_DAYS))}",
    )
    endpoint = text(
        "EndpointName",
        "Endpoint that dashboard and alarms watch. Empty: the one made here, else all in this account and Region.",
        pattern="^$|^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
        hint="must be empty or the name of an endpoint: up to 63 letters, digits and hyphens",
        max_length=63,
    )
    return manage, retention, endpoint

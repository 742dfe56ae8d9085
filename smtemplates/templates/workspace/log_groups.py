"""Log groups: where SageMaker writes logs, and their retention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from troposphere import AWSHelperFn, Parameter, Ref, Sub

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    any_of,
    boolean_parameter,
    is_empty,
    is_not_empty,
    is_true,
    output,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.iam import regional_arns
from smtemplates.templates.workspace.endpoint import Endpoint

TRAINING, PROCESSING, TRANSFORM = (f"/aws/sagemaker/{kind}Jobs" for kind in ("Training", "Processing", "Transform"))
SHARED_GROUPS = (TRAINING, PROCESSING, TRANSFORM, "/aws/sagemaker/NotebookInstances", "/aws/sagemaker/studio")
ENDPOINT = "/aws/sagemaker/Endpoints/${EndpointName}"
# Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
SHORT_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180)
LONG_DAYS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
RETENTION_DAYS = SHORT_DAYS + LONG_DAYS


@dataclass(frozen=True, kw_only=True)
class LogGroups(Construct):
    """Contain the log groups of SageMaker. Most exist once in an account and Region, for all stacks."""

    manage: NamedCondition
    change_existing: Parameter
    retention: Parameter
    has_endpoint: NamedCondition
    watched: AWSHelperFn
    endpoint_name: Parameter
    has_endpoint_name: NamedCondition
    endpoint: Endpoint | None

    def groups(self) -> list[Any]:
        """Return the names of all log groups, including the group of the monitored endpoint if there is one."""
        return [*SHARED_GROUPS, when(self.has_endpoint, Sub(ENDPOINT, EndpointName=self.watched))]

    def own_groups(self) -> list[Any]:
        """Return the names of the log groups that only this stack uses: that of its endpoint, if it has one."""
        return [when(self.endpoint.exists, Sub(ENDPOINT, EndpointName=self.endpoint.name))] if self.endpoint else []

    def group_arns(self) -> list[Any]:
        """Return the ARNs of all log groups. The asterisk at their end stands for ':*' or nothing."""
        one = regional_arns("logs", f"log-group:{ENDPOINT}*", EndpointName=self.watched)[0]
        return [
            *regional_arns("logs", *(f"log-group:{name}*" for name in SHARED_GROUPS)),
            when(self.has_endpoint, one),
        ]


def log_groups(endpoint: Endpoint | None = None) -> LogGroups:
    """Build the retention of SageMaker's logs. If the stack has an `endpoint`, that endpoint is monitored."""
    manage, existing, retention, name = _parameters()
    manage_groups = NamedCondition("ManageLogGroups", is_true(manage))
    has_name = NamedCondition("HasEndpointName", is_not_empty(name))
    has_endpoint, conditions = has_name, [manage_groups, has_name]
    watched: AWSHelperFn = Ref(name)
    rules = {}
    if endpoint:
        has_endpoint = NamedCondition("WatchOneEndpoint", any_of(has_name, endpoint.exists))
        watched = when(endpoint.exists, endpoint.name, Ref(name))
        conditions.append(has_endpoint)
        rules["OneEndpointIsWatched"] = rule(
            "With ModelImageUri or ModelPackageArn, leave EndpointName empty. The dashboard and the alarms monitor the "
            "endpoint of this stack.",
            is_empty(name),
            given=endpoint.given,
        )
    return LogGroups(
        title="Monitoring",
        source=__name__,
        switches={"Create log groups": manage},
        parameters={
            "Change existing log groups": existing,
            "Log retention (days)": retention,
            "Monitored endpoint": name,
        },
        conditions=conditions,
        rules=rules,
        outputs=[
            output("TrainingLogGroupName", "Log group of training jobs", TRAINING),
            output("ProcessingLogGroupName", "Log group of processing jobs", PROCESSING),
            output(
                "EndpointLogGroupName",
                "Log group of the monitored endpoint or, without EndpointName, the prefix of the log groups of all "
                "endpoints",
                Sub(ENDPOINT, EndpointName=watched),
            ),
        ],
        manage=manage_groups,
        change_existing=existing,
        retention=retention,
        has_endpoint=has_endpoint,
        watched=watched,
        endpoint_name=name,
        has_endpoint_name=has_name,
        endpoint=endpoint,
    )


def _parameters() -> tuple[Parameter, Parameter, Parameter, Parameter]:
    manage = boolean_parameter(
        "ManageLogGroups",
        "Create the log groups of SageMaker that do not exist yet, and set their retention. All teams in the account "
        "share most of these groups. Log groups that others created are not changed. The groups are retained when the "
        "stack is deleted. If false, the stack creates and changes none.",
        default=True,
    )
    existing = boolean_parameter(
        "ChangeExistingLogGroups",
        "Set the retention of existing log groups, too. ALL TEAMS IN THE ACCOUNT SHARE THESE GROUPS: if a group has no "
        "retention yet, older events of every team are deleted. A longer retention that others have set is kept. If "
        "false, existing log groups are not changed.",
        default=False,
    )
    retention = Parameter(
        "LogRetentionDays",
        Type="Number",
        Description="Number of days to keep log events in the log groups that this stack created. Reducing this "
        "deletes older events. Default: 30.",
        Default=30,
        AllowedValues=list(RETENTION_DAYS),
        ConstraintDescription=f"must be one of {', '.join(map(str, RETENTION_DAYS))}",
    )
    endpoint = string_parameter(
        "EndpointName",
        "Name of the endpoint that the dashboard and the alarms monitor. Leave empty to monitor the endpoint of "
        "this stack or, without one, all endpoints in this account and Region.",
        pattern="^$|^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$",
        hint="must be empty or the name of an endpoint with up to 63 letters, digits and hyphens",
        max_length=63,
    )
    return manage, existing, retention, endpoint

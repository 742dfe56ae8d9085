"""Notifications: the alarm topic also receives failed jobs and model approvals."""

from __future__ import annotations

from typing import Any

from troposphere import AWS_ACCOUNT_ID, If, Ref, events

from smtemplates.core.construct import Construct, NamedCondition, all_of, boolean_parameter, is_true
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.model_registry import ModelRegistry
from smtemplates.templates.workspace.monitoring import Monitoring
from smtemplates.templates.workspace.project import Project

# The names of the job types in EventBridge and in its events.
JOBS = {
    "Training": "TrainingJob",
    "Processing": "ProcessingJob",
    "Transform": "TransformJob",
    "HyperParameter Tuning": "HyperParameterTuningJob",
}


def notifications(
    project: Project, execution_role: ExecutionRole, monitoring: Monitoring, model_registry: ModelRegistry | None = None
) -> Construct:
    """Build rules for failed jobs and, if the template has a model registry, for approvals."""
    notify = boolean_parameter(
        "NotifyOfEvents",
        "Notify the alarm topic of failed jobs of this workspace's role, of failed transform jobs of the account, "
        "and of model versions that are registered, approved or rejected in the group that this stack creates. If "
        "false, the topic receives only alarms.",
        default=True,
    )
    on_events = NamedCondition("NotifyOfEvents", is_true(notify))
    topic_arn = monitoring.topic_arn()
    conditions, rules = [on_events], [_failures(on_events, execution_role, topic_arn)]
    if model_registry:
        on_approvals = NamedCondition("NotifyOfApprovals", all_of(on_events, model_registry.create))
        conditions.append(on_approvals)
        rules.append(_approvals(on_approvals, project, topic_arn))
    return Construct(
        title="Monitoring",
        source=__name__,
        parameters={"Notify of failed jobs and model approvals": notify},
        conditions=conditions,
        resources=rules,
    )


def _failures(condition: NamedCondition, role: ExecutionRole, topic_arn: If) -> events.Rule:
    """Build the rule for failed jobs. Events of transform jobs do not contain a role.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    roles = [role.execution_arn()]
    return _rule(
        "JobFailures",
        condition,
        topic_arn,
        "A SageMaker job of this workspace failed",
        [f"SageMaker {job} Job State Change" for job in JOBS],
        {
            "$or": [
                {"TrainingJobStatus": ["Failed"], "RoleArn": roles},
                {"ProcessingJobStatus": ["Failed"], "RoleArn": roles},
                {"HyperParameterTuningJobStatus": ["Failed"], "TrainingJobDefinition": {"RoleArn": roles}},
                {"TransformJobStatus": ["Failed"]},
            ]
        },
        # an event contains one of the names; the others are omitted
        f"<type>: {''.join(f'<{name}>' for name in JOBS.values())} failed. <reason>",
        {"reason": "$.detail.FailureReason", **{name: f"$.detail.{name}Name" for name in JOBS.values()}},
    )


def _approvals(condition: NamedCondition, project: Project, topic_arn: If) -> events.Rule:
    return _rule(
        "ModelApprovals",
        condition,
        topic_arn,
        "A model version of this workspace was registered, approved or rejected",
        ["SageMaker Model Package State Change"],
        {"ModelPackageGroupName": [project.unique_name()]},
        "<type>: <version> is <status>",
        {"version": "$.detail.ModelPackageArn", "status": "$.detail.ModelApprovalStatus"},
    )


def _rule(
    name: str,
    condition: NamedCondition,
    topic_arn: If,
    description: str,
    types: list[str],
    detail: Any,
    message: str,
    paths: dict[str, str],
) -> events.Rule:
    """Build a rule that sends a sentence for each matching event of this account. A change can cause several."""
    return events.Rule(
        name,
        Condition=condition.name,
        Description=description,
        EventPattern={
            "source": ["aws.sagemaker"],
            "account": [Ref(AWS_ACCOUNT_ID)],
            "detail-type": types,
            "detail": detail,
        },
        Targets=[
            events.Target(
                Arn=topic_arn,
                Id="topic",
                InputTransformer=events.InputTransformer(
                    InputPathsMap={"type": "$.detail-type", **paths},
                    InputTemplate=f'"{message}"',
                ),
            )
        ],
    )

"""Notifications: failed jobs and decisions about models reach the topic that alarms use."""

from __future__ import annotations

from typing import Any

from troposphere import AWS_ACCOUNT_ID, If, Ref, events

from smtemplates.core.construct import Part, all_of, is_, is_on, switch
from smtemplates.templates.workspace.execution_role import Roles
from smtemplates.templates.workspace.project import Project

# How EventBridge and its events name the kinds of jobs.
JOBS = {
    "Training": "TrainingJob",
    "Processing": "ProcessingJob",
    "Transform": "TransformJob",
    "HyperParameter Tuning": "HyperParameterTuningJob",
}


def notifications(project: Project, roles: Roles, *, registry: bool) -> Part:
    """Tell of failed jobs, and of approvals where the template has a `registry`."""
    notify = switch(
        "NotifyOfEvents",
        "Tell the alarm topic of failed jobs of this workspace's role, of failed transform jobs of the account, and of "
        "model versions that are registered, approved or rejected in the group made here. 'false': of alarms only.",
        default=True,
    )
    approvals = all_of(is_("NotifyOfEvents"), is_("CreateModelPackageGroup"))
    return Part(
        title="Monitoring",
        source=__name__,
        parameters={"Tell of failed jobs and of approvals?": notify},
        conditions={
            "NotifyOfEvents": is_on(notify),
            **({"NotifyOfApprovals": approvals} if registry else {}),
        },
        resources=[_failures(roles), *([_approvals(project)] if registry else [])],
    )


def _failures(roles: Roles) -> events.Rule:
    """Tell of failed jobs; events of transform jobs do not name a role.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    role = [roles.execution_arn()]
    return _rule(
        "JobFailures",
        "NotifyOfEvents",
        "A SageMaker job of this workspace failed",
        [f"SageMaker {job} Job State Change" for job in JOBS],
        {
            "$or": [
                {"TrainingJobStatus": ["Failed"], "RoleArn": role},
                {"ProcessingJobStatus": ["Failed"], "RoleArn": role},
                {"HyperParameterTuningJobStatus": ["Failed"], "TrainingJobDefinition": {"RoleArn": role}},
                {"TransformJobStatus": ["Failed"]},
            ]
        },
        # an event has one of the names; what it has not is left out
        f"<type>: {''.join(f'<{name}>' for name in JOBS.values())} failed. <reason>",
        {"reason": "$.detail.FailureReason", **{name: f"$.detail.{name}Name" for name in JOBS.values()}},
    )


def _approvals(project: Project) -> events.Rule:
    return _rule(
        "ModelApprovals",
        "NotifyOfApprovals",
        "A model version of this workspace was registered, approved or rejected",
        ["SageMaker Model Package State Change"],
        {"ModelPackageGroupName": [project.unique_name()]},
        "<type>: <version> is <status>",
        {"version": "$.detail.ModelPackageArn", "status": "$.detail.ModelApprovalStatus"},
    )


def _rule(
    name: str, condition: str, description: str, types: list[str], detail: Any, message: str, paths: dict[str, str]
) -> events.Rule:
    """Send a sentence about each of this account's events that match; there may be several of one change."""
    return events.Rule(
        name,
        Condition=condition,
        Description=description,
        EventPattern={
            "source": ["aws.sagemaker"],
            "account": [Ref(AWS_ACCOUNT_ID)],
            "detail-type": types,
            "detail": detail,
        },
        Targets=[
            events.Target(
                Arn=If("CreateAlarmTopic", Ref("AlarmTopic"), Ref("AlarmTopicArn")),
                Id="topic",
                InputTransformer=events.InputTransformer(
                    InputPathsMap={"type": "$.detail-type", **paths},
                    InputTemplate=f'"{message}"',
                ),
            )
        ],
    )

"""Notifications of the workspace on the local cloud."""

from __future__ import annotations

import json
from pathlib import Path

import smtemplates
from deploying.local_aws import Aws, policy

REASON = 'ExecuteUserScriptError: "No space left"\nC:\\data'


def test_subscriber_receives_only_failed_jobs_of_the_workspace(aws: Aws, name: str, tmp_path: Path) -> None:
    """Of three events, the topic receives only the failed job with the role of the workspace."""
    template = tmp_path / "workspace.yaml"
    text = smtemplates.render(smtemplates.build(["studio", "notebook"]))
    # as on AWS, users cannot send events of aws.sagemaker
    template.write_text(text.replace("aws.sagemaker", "test.sagemaker"), encoding="utf-8")
    options = ["--yes", "--create-staging-bucket", "--set", "CreateFolders=false", "--set", "ManageLogGroups=false"]
    done = aws.run("deploy", name, *options, template=template)
    assert done.returncode == 0, done.stderr
    resources = aws.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    (topic,) = (one["PhysicalResourceId"] for one in resources if one["LogicalResourceId"] == "AlarmTopic")
    sqs = aws.client("sqs")
    allowed = policy(Principal={"Service": "sns.amazonaws.com"}, Action="sqs:SendMessage", Resource="*")
    queue = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(allowed)})["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    role = aws.outputs(name)["ExecutionRoleArn"]
    events = [
        {
            "Source": "test.sagemaker",
            "DetailType": "SageMaker Training Job State Change",
            "Detail": json.dumps(
                {
                    "TrainingJobName": job,
                    "TrainingJobStatus": status,
                    "RoleArn": role_arn,
                    "FailureReason": REASON,
                }
            ),
        }
        for job, status, role_arn in (
            ("fine", "Completed", role),
            ("foreign", "Failed", "other"),
            ("churn", "Failed", role),
        )
    ]
    aws.client("events").put_events(Entries=events)
    (received,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10, MaxNumberOfMessages=10)["Messages"]
    message = json.loads(received["Body"])["Message"]
    read = json.loads(message)
    assert read["summary"] == f"A SageMaker job of workspace {name} failed. See FailureReason."
    assert (read["detail"]["TrainingJobName"], read["detail"]["FailureReason"]) == ("churn", REASON)
    aws.run("destroy", name, "--confirm", name, "--delete-data")

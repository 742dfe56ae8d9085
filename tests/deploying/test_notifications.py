"""Events reach whoever is subscribed to the topic, as a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import smtemplates
from deploying.local_aws import Aws, policy


def test_a_failed_job_reaches_the_topic(aws: Aws, name: str, tmp_path: Path) -> None:
    """Of the events that the local EventBridge gets, the subscriber hears of the failed job alone, in words."""
    template = tmp_path / "workspace.yaml"
    text = smtemplates.render(smtemplates.build(["studio", "notebook"]))
    # only AWS itself may send events of aws.sagemaker, and the local cloud holds to that
    template.write_text(text.replace("aws.sagemaker", "test.sagemaker"), encoding="utf-8")
    options = ["--yes", "--create-staging-bucket", "--set", "CreateFolders=false", "--set", "ManageLogGroups=false"]
    done = aws.run("deploy", name, *options, template=template)
    assert done.returncode == 0, done.stderr
    resources = aws.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    (topic,) = (one["PhysicalResourceId"] for one in resources if one["LogicalResourceId"] == "AlarmTopic")
    sqs = aws.client("sqs")
    sent = policy(Principal={"Service": "sns.amazonaws.com"}, Action="sqs:SendMessage", Resource="*")
    queue = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(sent)})["QueueUrl"]
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
                    "RoleArn": whose,
                    "FailureReason": "No space left",
                }
            ),
        }
        for job, status, whose in (
            ("fine", "Completed", role),
            ("foreign", "Failed", "other"),
            ("churn", "Failed", role),
        )
    ]
    aws.client("events").put_events(Entries=events)
    (heard,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10, MaxNumberOfMessages=10)["Messages"]
    message = json.loads(heard["Body"])["Message"]
    assert message.strip('"') == "SageMaker Training Job State Change: churn failed. No space left"
    aws.run("destroy", name, "--confirm", name, "--delete-data")

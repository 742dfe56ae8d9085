"""Synthetic templates of any size."""

from __future__ import annotations

from typing import Any

SIZES = {100: 40, 200: 80, 400: 160}
"""The numbers of resources, each with the number of parameters and conditions."""

FEW = (10, 4)  # the size of the template that loads all modules


def synthetic(resources: int, parameters: int) -> dict[str, Any]:
    """Return a template with as many conditions as parameters."""
    names = [f"Parameter{number}" for number in range(parameters)]
    declared = {
        name: {"Type": "String", "Default": "true", "AllowedValues": ["true", "false"], "Description": f"Switch {name}"}
        for name in names
    }
    conditions: dict[str, Any] = {f"Is{name}": {"Fn::Equals": [{"Ref": name}, "true"]} for name in names[::2]}
    for one, other in zip(names[1::2], names[::2], strict=True):
        is_one = {"Fn::Equals": [{"Ref": one}, "true"]}
        conditions[f"Is{one}"] = {"Fn::And": [{"Condition": f"Is{other}"}, is_one]}
    bodies: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    for number in range(resources):
        condition = f"Is{names[number % parameters]}"
        body = _resource(number, condition)
        if number % 3 == 0:
            body["Condition"] = condition
            outputs[f"Output{number}"] = {"Condition": condition, "Value": {"Ref": f"Resource{number}"}}
        bodies[f"Resource{number}"] = body
    return {"Parameters": declared, "Conditions": conditions, "Resources": bodies, "Outputs": outputs}


def _resource(number: int, condition: str) -> dict[str, Any]:
    name = {"Fn::If": [condition, {"Fn::Sub": f"${{AWS::StackName}}-{number}"}, {"Ref": "AWS::NoValue"}]}
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "sagemaker.amazonaws.com"}}
    allow = {
        "Effect": "Allow",
        "Action": ["s3:GetObject", "s3:PutObject"],
        "Resource": {"Fn::Sub": f"arn:${{AWS::Partition}}:s3:::example-{number}/*"},
    }
    policy = {"PolicyName": "objects", "PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]}}
    kinds: list[dict[str, Any]] = [
        {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}},
        {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
                "Policies": [policy],
            },
        },
        {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}},
        {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, "VisibilityTimeout": 30}},
        {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name, "RetentionInDays": 30}},
    ]
    return kinds[number % len(kinds)]

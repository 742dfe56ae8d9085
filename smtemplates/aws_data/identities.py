"""Attributes that identify a resource, by type. They change only if the resource is replaced.

Each is the primary identifier of its type, or an ARN that contains it.

Source: https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-identifier.html
"""

from __future__ import annotations

IDENTITIES: dict[str, frozenset[str]] = {
    "AWS::ECR::Repository": frozenset({"Arn"}),
    "AWS::Events::Rule": frozenset({"Arn"}),
    "AWS::IAM::Role": frozenset({"Arn"}),
    "AWS::KMS::Key": frozenset({"Arn", "KeyId"}),
    "AWS::Lambda::Function": frozenset({"Arn"}),
    "AWS::S3::Bucket": frozenset({"Arn"}),
    "AWS::SNS::Topic": frozenset({"TopicArn"}),
    "AWS::SQS::Queue": frozenset({"Arn"}),
    "AWS::SageMaker::Domain": frozenset({"DomainId", "DomainArn"}),
    "AWS::SageMaker::Endpoint": frozenset({"EndpointName"}),
    "AWS::SageMaker::EndpointConfig": frozenset({"EndpointConfigName"}),
    "AWS::SageMaker::Model": frozenset({"ModelName"}),
}
NOT_IDENTIFIED = ("AWS::CloudFormation::", "Custom::")
"""Beginnings of types whose physical ID can change during an update."""

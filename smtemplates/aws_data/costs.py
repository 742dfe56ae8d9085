"""What each type of resource costs while nobody uses it, and what deleting it leaves or takes along.

Units, never prices: those differ by Region and change. A type that is missing here is an error, not a free one. What
an MLflow app costs, and what a deleted domain leaves in the VPC, nobody has seen live.

Source: the pricing page of each cost below
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopNotebookInstance.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteNotebookInstance.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteDomain.html
"""

from __future__ import annotations

from dataclasses import dataclass

_PRICING = "https://aws.amazon.com/"


@dataclass(frozen=True)
class Cost:
    """Hold the unit of what costs money while idle, and the page of AWS that says so."""

    unit: str
    page: str


_KMS = f"{_PRICING}kms/pricing/"
_CLOUDWATCH = f"{_PRICING}cloudwatch/pricing/"
_SAGEMAKER = f"{_PRICING}sagemaker/pricing/"

COSTS = {
    "AWS::S3::Bucket": Cost(
        "per GB-month of what is in it, older versions included; empty: nothing", f"{_PRICING}s3/pricing/"
    ),
    "AWS::KMS::Key": Cost("per key and month, more once it was rotated; per request beyond the free ones", _KMS),
    "AWS::Logs::LogGroup": Cost("per GB-month of logs kept, beyond the free ones", _CLOUDWATCH),
    "Custom::LogGroups": Cost("per GB-month of logs kept, beyond the free ones", _CLOUDWATCH),
    "AWS::CloudWatch::Dashboard": Cost(
        "per dashboard and month, beyond an account's three free ones of up to 50 metrics each", _CLOUDWATCH
    ),
    "AWS::CloudWatch::Alarm": Cost(
        "per metric of the alarm and month; one that is a Metrics Insights query, by the metrics that it analyses, "
        "and none of those is free",
        _CLOUDWATCH,
    ),
    "AWS::SageMaker::NotebookInstance": Cost(
        "per hour while it runs, stopped: nothing; its volume per GB-month, stopped too", _SAGEMAKER
    ),
    "AWS::SageMaker::Domain": Cost(
        "nothing itself; per hour of each app that runs, per GB-month of each space's volume", _SAGEMAKER
    ),
    "AWS::SageMaker::Endpoint": Cost(
        "serverless without provisioned concurrency: nothing; on instances: per instance and hour, calls or not",
        _SAGEMAKER,
    ),
    "AWS::SageMaker::MlflowApp": Cost(
        "no charge found in AWS's documentation (not seen live: see the page); its artifacts lie in the model bucket",
        _SAGEMAKER,
    ),
    "AWS::SSM::Parameter": Cost(
        "of the standard tier: nothing; of the advanced one, if that is the account's default: per parameter and month",
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-default-tier.html",
    ),
}

# These cost nothing while nothing happens; most cost nothing at all, and some by the request.
IDLE_FREE = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudFormation::StackSet",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::Events::Rule",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Lambda::Permission",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SageMaker::EndpointConfig",
        "AWS::SageMaker::Model",
        "AWS::SageMaker::ModelPackageGroup",
        "AWS::SageMaker::NotebookInstanceLifecycleConfig",
        "AWS::SageMaker::StudioLifecycleConfig",
        "AWS::SageMaker::UserProfile",
        "AWS::ServiceCatalog::CloudFormationProduct",
        "AWS::ServiceCatalog::LaunchNotificationConstraint",
        "AWS::ServiceCatalog::LaunchRoleConstraint",
        "AWS::ServiceCatalog::LaunchTemplateConstraint",
        "AWS::ServiceCatalog::Portfolio",
        "AWS::ServiceCatalog::PortfolioPrincipalAssociation",
        "AWS::ServiceCatalog::PortfolioProductAssociation",
        "AWS::ServiceCatalog::PortfolioShare",
        "AWS::ServiceCatalog::ResourceUpdateConstraint",
        "AWS::ServiceCatalog::TagOption",
        "AWS::ServiceCatalog::TagOptionAssociation",
        "Custom::Folders",
    }
)

# What a resource's DeletionPolicy does not tell.
ON_DELETION = {
    "AWS::CloudFormation::StackSet": "goes, and the stacks in all accounts with it; what outlives a workspace stays",
    "AWS::SageMaker::NotebookInstance": "goes, with its volume and every file on it",
    "AWS::SageMaker::Domain": "goes, and its users' files with it; while users have spaces or apps it cannot be "
    "deleted (`deploy.py destroy` deletes those first). Security groups and a network interface that SageMaker made in "
    "the VPC may stay and hold up the VPC's deletion (not seen live)",
    "AWS::SageMaker::MlflowApp": "goes; its artifacts stay in the model bucket",
    "AWS::Logs::LogGroup": "goes, with its events",
    "Custom::Folders": "the empty folders go; one that holds anything stays",
    "Custom::LogGroups": "the log groups, their events and their retention stay: the account shares them",
}
STAYS = "stays"
GOES = "goes"

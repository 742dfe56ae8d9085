"""Costs of each resource type while idle, and the effect of deleting its stack.

The rows name units, not prices, because prices differ by Region and change. `missing_costs` reports a type without a
row, so that no resource is presented as free by mistake. Two facts have not been verified in a live account: the cost
of an MLflow app, and the resources that remain in the VPC when a domain is deleted.

Source: the pricing page in each row
Source: https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopNotebookInstance.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteNotebookInstance.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteDomain.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

FILE = "smtemplates/aws_data/costs.py"
_PRICING = "https://aws.amazon.com/"


@dataclass(frozen=True)
class Cost:
    """The unit in which an idle resource is charged, and the AWS page that documents it."""

    unit: str
    page: str


_KMS = f"{_PRICING}kms/pricing/"
_CLOUDWATCH = f"{_PRICING}cloudwatch/pricing/"
_SAGEMAKER = f"{_PRICING}sagemaker/pricing/"
_VPC = f"{_PRICING}vpc/pricing/"

COSTS = {
    "AWS::S3::Bucket": Cost(
        "per GB-month of stored data, including noncurrent versions. An empty bucket costs nothing.",
        f"{_PRICING}s3/pricing/",
    ),
    "AWS::KMS::Key": Cost(
        "per key and month, and more after the key was rotated. Per request in excess of the free tier.", _KMS
    ),
    "AWS::Logs::LogGroup": Cost("per GB-month of stored logs in excess of the free tier", _CLOUDWATCH),
    "Custom::LogGroups": Cost("per GB-month of stored logs in excess of the free tier", _CLOUDWATCH),
    "AWS::CloudWatch::Dashboard": Cost(
        "per dashboard and month, beyond the three free dashboards of an account with up to 50 metrics each",
        _CLOUDWATCH,
    ),
    "AWS::CloudWatch::Alarm": Cost(
        "per metric of the alarm and month. An alarm on a Metrics Insights query is charged for each metric that the "
        "query analyzes, and none of those metrics is free.",
        _CLOUDWATCH,
    ),
    "AWS::SageMaker::NotebookInstance": Cost(
        "per hour while it runs, and per GB-month of its volume. While it is stopped, only the volume is charged.",
        _SAGEMAKER,
    ),
    "AWS::SageMaker::Domain": Cost(
        "nothing for the domain itself. Per hour of each running app, and per GB-month of the volume of each space.",
        _SAGEMAKER,
    ),
    "AWS::ECR::Repository": Cost(
        "per GB-month of stored images in excess of the free tier. An empty repository costs nothing.",
        f"{_PRICING}ecr/pricing/",
    ),
    "AWS::SageMaker::Endpoint": Cost(
        "nothing if it is serverless without provisioned concurrency. On instances, per instance and hour, with or "
        "without requests.",
        _SAGEMAKER,
    ),
    "AWS::SageMaker::MlflowApp": Cost(
        "no charge found in the AWS documentation (not verified in a live account, see the pricing page). Its "
        "artifacts are stored in the model bucket.",
        _SAGEMAKER,
    ),
    "AWS::EC2::EIP": Cost("per hour of each public IPv4 address", _VPC),
    "AWS::EC2::FlowLog": Cost("nothing without traffic. Per GB of records.", _CLOUDWATCH),
    "AWS::EC2::NatGateway": Cost("per hour, and per GB that it processes", _VPC),
    "AWS::EC2::VPCEndpoint": Cost(
        "nothing for a gateway endpoint. For an interface endpoint, per hour in each Availability Zone, and per GB.",
        f"{_PRICING}privatelink/pricing/",
    ),
    "AWS::SSM::Parameter": Cost(
        "nothing in the standard tier. In the advanced tier, if that is the default of the account, per parameter and "
        "month.",
        "https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-default-tier.html",
    ),
}

# These types cost nothing while idle. Most of them are free, and some are charged by request.
IDLE_FREE = frozenset(
    {
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::Budgets::Budget",
        "AWS::CloudFormation::StackSet",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCGatewayAttachment",
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
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::SageMaker::AppImageConfig",
        "AWS::SageMaker::EndpointConfig",
        "AWS::SageMaker::Image",
        "AWS::SageMaker::ImageVersion",
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

RETAINED = "retained"
DELETED = "deleted"
# Effects of deleting the stack that the DeletionPolicy of a resource does not show.
ON_DELETION = {
    "AWS::EC2::VPC": "deleted. `smtemplates destroy` rejects this while another stack or a network interface uses the "
    "VPC. In the console, the deletion ends with DELETE_FAILED while a network interface or another security group "
    "exists in the VPC. Otherwise the VPC is deleted, and jobs of a workspace that uses it fail.",
    "AWS::CloudFormation::StackSet": "deleted, with the stacks in all accounts. The resources that a workspace "
    "retains are retained.",
    "AWS::SageMaker::NotebookInstance": "deleted, with its volume and all files on it",
    "AWS::SageMaker::Domain": "deleted, with the files of its users. It cannot be deleted while users have spaces or "
    "apps (`smtemplates destroy` deletes those first). Security groups and a network interface that SageMaker created "
    "in the VPC may remain and prevent the deletion of the VPC (not verified in a live account).",
    "AWS::SageMaker::MlflowApp": "deleted. Its artifacts are retained in the model bucket.",
    "AWS::Logs::LogGroup": "deleted, with its events",
    "Custom::Folders": "deleted if empty. Folders that contain objects are retained.",
    "Custom::LogGroups": "retained, with their events and retention settings, because the whole account shares them",
}


def missing_costs(types: Iterable[str]) -> list[str]:
    """Return a message for each resource type that is in neither COSTS nor IDLE_FREE, with the row to add."""
    return [
        f"{FILE}: no row for {name}. Add its cost while idle to COSTS, for example: "
        f'"{name}": Cost("per hour", f"{{_PRICING}}SERVICE/pricing/"). If it costs nothing while idle, add "{name}" to '
        "IDLE_FREE."
        for name in sorted(set(types) - COSTS.keys() - IDLE_FREE)
    ]

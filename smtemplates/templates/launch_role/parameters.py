"""The parameters of the launch role."""

from __future__ import annotations

from troposphere import Parameter

from smtemplates.core.construct import boolean_parameter, string_parameter
from smtemplates.templates.workspace.execution_role import POLICY

# Lists are split at commas, which IAM lets into a role's name: such a role is not to be listed.
LISTED_ROLE = "arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=.@_/-]{1,576}"
# A name, or the beginning of names.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = "arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9*]"
MOST_BUCKETS = 5
LONGEST_BUCKET = len("arn:aws-us-gov:s3:::") + 63


def create_launch_role() -> Parameter:
    """Build the switch for the launch role, for templates in which the role is optional."""
    return boolean_parameter(
        "CreateLaunchRole",
        "Make the launch role. 'false': a role of its name is in this account already, made by launch-role.yaml.",
        default=True,
    )


def role_name() -> Parameter:
    """Build the name of the launch role."""
    return string_parameter(
        "LaunchRoleName",
        "Name of the launch role, the same in every account that launches. A later change replaces the role. "
        "Left alone: SageMakerWorkspaceLaunch.",
        pattern="^(?!SC-)[A-Za-z0-9+=,.@_-]{1,56}$",
        hint="must be 1 to 56 letters, digits and + = , . @ _ -, and not begin with SC-, as what launches make does",
        max_length=56,
        default="SageMakerWorkspaceLaunch",
    )


def permissions_boundary() -> Parameter:
    """Build the parameter for an existing permissions boundary."""
    return string_parameter(
        "PermissionsBoundaryArn",
        "ARN of the managed policy that bounds every role that a launch makes; launches must name it. "
        "Empty: one is made, which allows what the workspace's own roles may do, in launches' own buckets (sc-*) and "
        "those of BringableBucketArns.",
        pattern=f"^$|^(?!.*:policy/SC-){POLICY}$",
        hint="must be empty or the ARN of an IAM policy whose name does not begin with SC-: launches change those",
        max_length=700,
    )


def passable_roles() -> Parameter:
    """Build the list of existing roles that a launch may pass to SageMaker."""
    return string_parameter(
        "PassableRoleArns",
        "ARNs of execution roles that launches may bring as ExistingRoleArn, separated by commas. "
        "Empty: none but other launches' own, for whoever launches works with all that such a role may do.",
        pattern=f"^$|^{LISTED_ROLE}(,{LISTED_ROLE}){{0,4}}$",
        hint="must be empty or up to five ARNs of IAM roles without commas in their names, separated by commas, "
        "no spaces",
        max_length=2000,
    )


def launch_regions() -> Parameter:
    """Build the list of Regions in which launches are allowed."""
    return string_parameter(
        "LaunchRegions",
        "Regions to launch in, and for launches to work in, separated by commas; name them all in one stack, for the "
        "role is one an account. Empty: the Region of this stack.",
        pattern="^$|^[a-z]{2,4}(-[a-z]{2,10}){1,2}-[0-9](,[a-z]{2,4}(-[a-z]{2,10}){1,2}-[0-9]){0,19}$",
        hint="must be empty or up to 20 Regions like us-east-1, separated by commas, no spaces",
        max_length=300,
    )


def bringable_buckets() -> Parameter:
    """Take ARNs, not names: Fn::Join takes no function between its parts, so it could not put the partition there.

    S3 says why it denies access in the account and the organization of the bucket only.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-join.html
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    return string_parameter(
        "BringableBucketArns",
        "ARNs of buckets that launches may bring (ExistingInputBucketName and its like), separated by commas; * at the "
        "end of one stands for any characters. With any other, AWS's own included, a launch fails at its folders or, "
        "with CreateFolders 'false', its jobs do: access denied, because no permissions boundary allows it. One "
        "that is taken out is lost to launches that brought it. Empty: none but launches' own, sc-*.",
        pattern=f"^$|^{BUCKET}(,{BUCKET}){{0,{MOST_BUCKETS - 1}}}$",
        hint="must be empty or up to five ARNs of buckets like arn:aws:s3:::team-data or arn:aws:s3:::team-*, "
        "separated by commas, no spaces",
        max_length=MOST_BUCKETS * (LONGEST_BUCKET + 1) - 1,
    )


def notification_topic() -> Parameter:
    """Take a topic in the Region of the launches: CloudFormation reaches none elsewhere (Invalid parameter: TopicArn).

    Source: https://github.com/aws/aws-cdk/issues/20603
    Source: https://awslabs.github.io/landing-zone-accelerator-on-aws/latest/typedocs/interfaces/packages__aws-accelerator_config_lib_models_customizations-config.IProductConstraintConfig.html
    """
    return string_parameter(
        "NotificationTopicArn",
        "ARN of an SNS topic that is told every event of launched stacks; it must be in the Region where they are "
        "launched, and its policy must let the launching accounts publish. Empty: none.",
        pattern="^$|^arn:aws[a-z-]*:sns:[a-z0-9-]{1,30}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
        hint="must be empty or the ARN of an SNS topic",
        max_length=330,
    )

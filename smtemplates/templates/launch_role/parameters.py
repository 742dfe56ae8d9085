"""The parameters of the launch role."""

from __future__ import annotations

from troposphere import Parameter

from smtemplates.core.construct import boolean_parameter, string_parameter
from smtemplates.templates.workspace.execution_role import POLICY

# Lists are split at commas. IAM allows commas in role names, so roles with a comma cannot be listed.
LISTED_ROLE = "arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=.@_/-]{1,576}"
# The name of a bucket, or a prefix followed by an asterisk.
# Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = "arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9*]"
MOST_BUCKETS = 5
LONGEST_BUCKET = len("arn:aws-us-gov:s3:::") + 63
TOPICS = "arn:aws[a-z-]*:sns:[a-z0-9-]{1,30}:[0-9]{12}:[A-Za-z0-9_-]{1,99}[A-Za-z0-9_*-]"
MOST_TOPICS, LONGEST_TOPIC = 3, 160


def create_launch_role() -> Parameter:
    """Build the switch for the launch role, for templates in which the role is optional."""
    return boolean_parameter(
        "CreateLaunchRole",
        "Create the launch role. If false, this account must already have a role with this name, created with "
        "launch-role.yaml.",
        default=True,
    )


def role_name() -> Parameter:
    """Build the name of the launch role."""
    return string_parameter(
        "LaunchRoleName",
        "Name of the launch role. It must be the same in every account in which users launch the product. Changing "
        "this replaces the role. Default: SageMakerWorkspaceLaunch.",
        pattern="^(?!SC-)[A-Za-z0-9+=,.@_-]{1,56}$",
        hint="must be 1 to 56 letters, digits and + = , . @ _ -, and must not start with SC-, which is the prefix "
        "of launched resources",
        max_length=56,
        default="SageMakerWorkspaceLaunch",
    )


def permissions_boundary() -> Parameter:
    """Build the parameter for an existing permissions boundary."""
    return string_parameter(
        "PermissionsBoundaryArn",
        "ARN of the managed policy that is the permissions boundary of every role that a launch creates. Users "
        "must enter it at launch. Leave empty to create a boundary. It allows the actions of the roles of the "
        "workspace on the buckets of launches (sc-*) and on the buckets in BringableBucketArns, and the packs in "
        "LaunchWorkflowPacks.",
        pattern=f"^$|^(?!.*:policy/SC-){POLICY}$",
        hint="must be empty or the ARN of an IAM policy whose name does not start with SC-, because launches can "
        "change those policies",
        max_length=700,
    )


def passable_roles() -> Parameter:
    """Build the list of existing roles that a launch may pass to SageMaker."""
    return string_parameter(
        "PassableRoleArns",
        "ARNs of existing execution roles that users may enter at launch as ExistingRoleArn, separated by commas. "
        "Users who launch the product can use all permissions of these roles. Leave empty to allow only roles that "
        "launches create.",
        pattern=f"^$|^{LISTED_ROLE}(,{LISTED_ROLE}){{0,4}}$",
        hint="must be empty or up to five ARNs of IAM roles without commas in their names, separated by commas, "
        "without spaces",
        max_length=2000,
    )


def launch_regions() -> Parameter:
    """Build the list of Regions in which launches are allowed."""
    return string_parameter(
        "LaunchRegions",
        "Regions in which launches are allowed, separated by commas. Enter all Regions in one stack, because the "
        "role exists once in an account. Leave empty to allow only the Region of this stack.",
        pattern="^$|^[a-z]{2,4}(-[a-z]{2,10}){1,2}-[0-9](,[a-z]{2,4}(-[a-z]{2,10}){1,2}-[0-9]){0,19}$",
        hint="must be empty or up to 20 Regions such as us-east-1, separated by commas, without spaces",
        max_length=300,
    )


def bringable_buckets() -> Parameter:
    """Build the list of existing buckets that launches may use.

    It takes ARNs, not names: the delimiter of Fn::Join cannot contain an intrinsic function, so it could not insert the
    partition. S3 explains a denied access only within the account and the organization of the bucket.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-join.html
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    """
    return string_parameter(
        "BringableBucketArns",
        "ARNs of existing buckets that users may enter at launch (ExistingInputBucketName and similar), separated "
        "by commas. An asterisk at the end matches any characters. With any other bucket, access is denied by the "
        "permissions boundary: the launch fails when it creates folders or, with CreateFolders=false, jobs fail "
        "later. If you remove a bucket, launches that use it lose access. Leave empty to allow only buckets that "
        "launches create (sc-*).",
        pattern=f"^$|^{BUCKET}(,{BUCKET}){{0,{MOST_BUCKETS - 1}}}$",
        hint="must be empty or up to five ARNs of buckets such as arn:aws:s3:::team-data or arn:aws:s3:::team-*, "
        "separated by commas, without spaces",
        max_length=MOST_BUCKETS * (LONGEST_BUCKET + 1) - 1,
    )


def alarm_topics() -> Parameter:
    """Build the list of existing topics to which the notification roles of launches may publish."""
    return string_parameter(
        "LaunchTopicArns",
        "ARNs of existing SNS topics that users may enter at launch as AlarmTopicArn, separated by commas. An asterisk "
        "at the end matches any characters. Notifications of events to any other existing topic are denied by the "
        "permissions boundary and stored in the queue of undelivered events. Leave empty to allow only topics that "
        "launches create.",
        pattern=f"^$|^{TOPICS}(,{TOPICS}){{0,{MOST_TOPICS - 1}}}$",
        hint="must be empty or up to three ARNs of topics such as arn:aws:sns:us-east-1:111122223333:alarms, separated "
        "by commas, without spaces",
        max_length=MOST_TOPICS * (LONGEST_TOPIC + 1) - 1,
    )


def notification_topic() -> Parameter:
    """Build the parameter for a topic. It must be in the Region of the launches (Invalid parameter: TopicArn).

    Source: https://github.com/aws/aws-cdk/issues/20603
    Source: https://awslabs.github.io/landing-zone-accelerator-on-aws/latest/typedocs/interfaces/packages__aws-accelerator_config_lib_models_customizations-config.IProductConstraintConfig.html
    """
    return string_parameter(
        "NotificationTopicArn",
        "ARN of an SNS topic that receives all events of launched stacks. It must be in the Region of the "
        "launches, and its policy must allow the launching accounts to publish. Leave empty for no notifications.",
        pattern="^$|^arn:aws[a-z-]*:sns:[a-z0-9-]{1,30}:[0-9]{12}:[A-Za-z0-9_-]{1,256}$",
        hint="must be empty or the ARN of an SNS topic",
        max_length=330,
    )

"""Requests that the launch role must not allow, as a table for reviewers: (service, actions, resource, context)."""

from __future__ import annotations

import samples
from access.simulator import Context, Request

from launching.provisioned import BOUNDARY, FUNCTION_ROLE, HERE, IAM, ROLE, SM, STACK

BOUNDED: Context = {"iam:PermissionsBoundary": BOUNDARY}
OTHER_BOUNDARY: Context = {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}
SAGEMAKER: Context = {"iam:PassedToService": "sagemaker.amazonaws.com"}
ADMIN, OWN = f"{IAM}:role/administrator", f"{IAM}:role/SageMakerWorkspaceLaunch"
TEAM_POLICY = f"{IAM}:policy/team"
KEY, OTHER_REGION = f"arn:aws:kms:{HERE}:key/1", f"eu-west-1:{samples.ACCOUNT}"
OTHER_ACCOUNT = "us-east-1:444455556666"
NAME = "churn-Thing-1ABCDEFGHIJKL"  # a resource of another stack
VIA_SAGEMAKER: Context = {"kms:ViaService": "sagemaker.us-east-1.amazonaws.com"}
ROLE_ACTIONS = "CreateRole AttachRolePolicy PutRolePolicy DetachRolePolicy DeleteRolePolicy UpdateAssumeRolePolicy"

# Actions of Service Catalog with a launch role, by its documentation: launch, update, terminate, plan, tag.
FOR_STACKS = (
    "CreateStack UpdateStack DeleteStack DescribeStacks DescribeStackEvents ListStackResources SetStackPolicy "
    "CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet ListChangeSets TagResource UntagResource"
)
FOR_TEMPLATES = "GetTemplateSummary ValidateTemplate"

DASHBOARDS = f"arn:aws:cloudwatch::{samples.ACCOUNT}:dashboard"
OTHER_STACK: Context = {"aws:ResourceTag/aws:cloudformation:stack-name": "payments"}
ONLY_PROJECT: Context = {"aws:ResourceTag/Project": "payments", "aws:RequestTag/Project": "payments"}
ONLY_STAGE: Context = {"aws:ResourceTag/Environment": "prd", "aws:RequestTag/Environment": "prd"}
# Actions on SageMaker resources of other teams, by type of the resource. Tags that other teams also use do not suffice.
CHANGES = {
    "domain/d-1": "CreateDomain UpdateDomain DeleteDomain AddTags DeleteTags",
    "notebook-instance-lifecycle-config/root": (
        "UpdateNotebookInstanceLifecycleConfig DeleteNotebookInstanceLifecycleConfig"
    ),
    "notebook-instance/churn": "StartNotebookInstance UpdateNotebookInstance DeleteNotebookInstance",
    "model/churn": "CreateModel DeleteModel",
    "mlflow-app/app-1": "UpdateMlflowApp DeleteMlflowApp",
    "endpoint-config/churn": "DeleteEndpointConfig",
    "endpoint/churn-dev-0123abcd": "UpdateEndpoint DeleteEndpoint",
}

DENIED: list[tuple[str, str, str, Context]] = [
    *(
        ("sagemaker", actions, f"{SM}:{name}", tags)
        for name, actions in CHANGES.items()
        for tags in ({}, OTHER_STACK, ONLY_PROJECT, ONLY_STAGE)
    ),
    *(
        ("kms", "ScheduleKeyDeletion PutKeyPolicy DisableKey UntagResource TagResource", KEY, tags)
        for tags in ({}, ONLY_PROJECT, ONLY_STAGE)
    ),
    *(("kms", "CreateKey", "*", tags) for tags in ({}, ONLY_PROJECT, ONLY_STAGE)),
    (
        "cloudwatch",
        "PutDashboard DeleteDashboards",
        f"{DASHBOARDS}/sales",
        OTHER_STACK,
    ),
    ("budgets", "ModifyBudget", f"arn:aws:budgets::{samples.ACCOUNT}:budget/sales", OTHER_STACK),
    ("ec2", "DeleteSecurityGroup", f"arn:aws:ec2:{HERE}:security-group/sg-1", {}),
    (
        "ec2",
        "DeleteSecurityGroup AuthorizeSecurityGroupIngress RevokeSecurityGroupEgress CreateTags",
        f"arn:aws:ec2:{HERE}:security-group/sg-1",
        OTHER_STACK,
    ),
    (
        "ec2",
        "CreateNetworkInterfacePermission",
        f"arn:aws:ec2:{HERE}:network-interface/eni-1",
        {"ec2:AuthorizedService": "rds.amazonaws.com"},
    ),
    # other stacks, and resources that no launch created
    ("cloudformation", "CreateStack UpdateStack DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/churn/1", {}),
    ("cloudformation", "CreateStack UpdateStack", f"arn:aws:cloudformation:{OTHER_ACCOUNT}:stack/{STACK}/1", {}),
    ("s3", "CreateBucket DeleteBucket PutBucketPolicy", "arn:aws:s3:::team-data", {}),
    ("s3", "GetObject", "arn:aws:s3:::team-data/secret", {}),
    ("s3", "GetObject", "arn:aws:s3:::sc-1/secret", {"s3:ExistingObjectTag/servicecatalog:provisioning": "false"}),
    ("s3", "PutObject DeleteObject", "arn:aws:s3:::sc-1/data", {}),
    ("lambda", "CreateFunction UpdateFunctionCode InvokeFunction", f"arn:aws:lambda:{HERE}:function:{NAME}", {}),
    ("sns", "DeleteTopic SetTopicAttributes Subscribe", f"arn:aws:sns:{HERE}:{NAME}", {}),
    ("sns", "Publish", f"arn:aws:sns:{HERE}:{STACK}-AlarmTopic-1", {}),
    ("events", "PutRule PutTargets DeleteRule", f"arn:aws:events:{HERE}:rule/{NAME}", {}),
    ("cloudwatch", "PutMetricAlarm DeleteAlarms", f"arn:aws:cloudwatch:{HERE}:alarm:{NAME}", {}),
    ("cloudwatch", "DeleteAlarms", f"arn:aws:cloudwatch:{HERE}:alarm:TargetTracking-table/orders-AlarmHigh-1", {}),
    ("logs", "DeleteLogGroup PutRetentionPolicy", f"arn:aws:logs:{HERE}:log-group:/aws/sagemaker/TrainingJobs", {}),
    ("ssm", "PutParameter GetParameters DeleteParameter", f"arn:aws:ssm:{HERE}:parameter/database/password", {}),
    ("sagemaker", "DeleteEndpoint UpdateEndpoint", f"{SM}:endpoint/churn", {}),
    ("sagemaker", "DeleteModelPackageGroup PutModelPackageGroupPolicy", f"{SM}:model-package-group/churn", {}),
    ("sagemaker", "CreateImageVersion DeleteImage UpdateImage", f"{SM}:image/churn", {}),
    ("sagemaker", "DeleteImageVersion", f"{SM}:image-version/churn/1", {}),
    ("sagemaker", "DeleteAppImageConfig", f"{SM}:app-image-config/churn", {}),
    ("ecr", "DeleteRepository PutLifecyclePolicy", f"arn:aws:ecr:{HERE}:repository/churn", {}),
    ("sagemaker", "DeleteStudioLifecycleConfig", f"{SM}:studio-lifecycle-config/churn", {}),
    ("sagemaker", "CreateTrainingJob", f"{SM}:training-job/churn", {}),
    ("sagemaker", "CreatePresignedNotebookInstanceUrl", f"{SM}:notebook-instance/notebook-1abc", {}),
    ("sagemaker", "CreatePresignedDomainUrl", f"{SM}:user-profile/d-1/ana", {}),
    ("ec2", "RunInstances", f"arn:aws:ec2:{HERE}:instance/*", {}),
    (
        "ec2",
        "DeleteSecurityGroup AuthorizeSecurityGroupIngress",
        f"arn:aws:ec2:{OTHER_ACCOUNT}:security-group/sg-1",
        {},
    ),
    ("ec2", "CreateTags DeleteTags", f"arn:aws:ec2:{HERE}:instance/i-1", {}),
    # data of other accounts, and keys other than through SageMaker
    ("kms", "CreateGrant Decrypt GenerateDataKeyWithoutPlainText", KEY, {}),
    ("kms", "CreateGrant Decrypt", KEY, {"kms:ViaService": "rds.us-east-1.amazonaws.com"}),
    ("kms", "Encrypt GenerateDataKey ReEncryptFrom", KEY, VIA_SAGEMAKER),
    ("kms", "PutKeyPolicy ScheduleKeyDeletion", f"arn:aws:kms:{OTHER_ACCOUNT}:key/1", {}),
    # more privileges
    ("iam", ROLE_ACTIONS, ROLE, {}),
    ("iam", f"{ROLE_ACTIONS} DeleteRole", ROLE, OTHER_BOUNDARY),
    ("iam", f"{ROLE_ACTIONS} DeleteRole", ADMIN, BOUNDED),
    ("iam", f"{ROLE_ACTIONS} PutRolePermissionsBoundary TagRole", OWN, BOUNDED),
    ("iam", "PutRolePermissionsBoundary", ROLE, OTHER_BOUNDARY),
    ("iam", "DeleteRolePermissionsBoundary", ROLE, BOUNDED),
    ("iam", "CreatePolicyVersion DeletePolicy", BOUNDARY, {}),
    ("iam", "CreatePolicyVersion CreatePolicy DeletePolicyVersion", TEAM_POLICY, {}),
    ("iam", "SetDefaultPolicyVersion", f"{IAM}:policy/{STACK}-DataPolicy-1ABCDEFGHIJKL", {}),
    ("iam", "CreateUser CreateAccessKey AttachUserPolicy", f"{IAM}:user/{STACK}", {}),
    ("iam", "PassRole", ROLE, {}),
    ("iam", "PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
    ("iam", "PassRole", FUNCTION_ROLE, {"iam:PassedToService": "cloudformation.amazonaws.com"}),
    ("iam", "PassRole", ADMIN, SAGEMAKER),
    ("iam", "PassRole", f"{IAM}:role/team/sagemaker", SAGEMAKER),
    ("iam", "PassRole", OWN, SAGEMAKER),
    ("iam", "PassRole", f"{IAM}:role/SC-111122223333-pp-zyxwvutsrqpon-Administrator-1ABC", SAGEMAKER),
    (
        "iam",
        "CreateServiceLinkedRole",
        f"{IAM}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        {"iam:AWSServiceName": "ecs.amazonaws.com"},
    ),
    (
        "iam",
        "CreateServiceLinkedRole",
        f"{IAM}:role/aws-service-role/sagemaker.amazonaws.com/Mine",
        {"iam:AWSServiceName": "ecs.amazonaws.com"},
    ),
    (
        "application-autoscaling",
        "RegisterScalableTarget PutScalingPolicy",
        f"arn:aws:application-autoscaling:{HERE}:scalable-target/1",
        {"application-autoscaling:service-namespace": "dynamodb"},
    ),
    ("sts", "AssumeRole", ADMIN, {}),
    ("servicecatalog", "ProvisionProduct", f"arn:aws:catalog:{HERE}:product/prod-1", {}),
    # other Regions
    ("cloudformation", "CreateStack", f"arn:aws:cloudformation:{OTHER_REGION}:stack/{STACK}/1", {}),
    ("sagemaker", "CreateNotebookInstance", f"arn:aws:sagemaker:{OTHER_REGION}:notebook-instance/notebook-1abc", {}),
    ("s3", "CreateBucket", "arn:aws:s3:::sc-1", {"aws:RequestedRegion": "eu-west-1"}),
    ("kms", "CreateKey", "*", {"aws:RequestedRegion": "eu-west-1"}),
]

SPACE_OWNER = "sagemaker:ResourceTag/sagemaker:user-profile-arn"
THEIR_PROFILE: Context = {"bedrock:InferenceProfileArn": f"arn:aws:bedrock:{OTHER_ACCOUNT}:inference-profile/us.model"}
ANA: Context = {"sagemaker:DomainId": "d-1", "sagemaker:UserProfileName": "ana"}
# Requests that no role of a launch may make, whichever policies are attached.
OUTSIDE_BOUNDARY = [
    Request("s3:ListBucket", "arn:aws:s3:::team-data"),
    Request("s3:ListBucket", "arn:aws:s3:::data-sc-1"),
    Request("s3:GetObject", "arn:aws:s3:::team-data/sc-1"),
    Request("s3:PutObject", "arn:aws:s3:::team-data/results"),
    Request("s3:DeleteObjectVersion", "arn:aws:s3:::team-data/results"),
    Request("s3:ListAllMyBuckets"),
    Request("s3:PutBucketPolicy", "arn:aws:s3:::sc-1"),
    Request("iam:GetRole", ADMIN),
    Request("sns:Publish", f"arn:aws:sns:{HERE}:payments"),
    Request("ssm:GetParameter", f"arn:aws:ssm:{HERE}:parameter/database/password"),
    Request("sagemaker:CreatePresignedDomainUrl", f"{SM}:user-profile/d-1/bo", ANA),
    Request("sagemaker:CreatePresignedDomainUrl", f"{SM}:user-profile/d-2/ana", ANA),
    Request("sagemaker:CreatePresignedDomainUrl", f"{SM}:user-profile/d-1/ana"),
    Request("sagemaker:CreateApp", f"{SM}:app/d-2/ana/JupyterLab/default", ANA),
    Request("sagemaker:UpdateSpace", f"{SM}:space/d-2/anas", ANA),
    Request("iam:PassRole", f"{IAM}:role/SC-111122223333-pp-zyxwvutsrqpon-Administrator-1ABC", SAGEMAKER),
    Request("iam:PassRole", FUNCTION_ROLE, SAGEMAKER),
    Request("iam:PassRole", ROLE, {"iam:PassedToService": "lambda.amazonaws.com"}),
    Request(
        "ec2:CreateNetworkInterfacePermission",
        f"arn:aws:ec2:{OTHER_ACCOUNT}:network-interface/eni-1",
        {"ec2:AuthorizedService": "sagemaker.amazonaws.com"},
    ),
    Request("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:{OTHER_REGION}:training-job/churn"),
    Request("kms:Decrypt", KEY, {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}),
    Request("kms:Decrypt", KEY),
    Request("kms:CreateGrant", KEY, {"kms:ViaService": "s3.us-east-1.amazonaws.com"}),
    Request("kms:PutKeyPolicy", KEY, VIA_SAGEMAKER),
    Request("logs:GetLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/payments:log-stream:1"),
    Request("logs:PutRetentionPolicy", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/payments:log-stream:"),
    Request("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/Billing"}),
    Request(
        "ec2:CreateNetworkInterfacePermission",
        f"arn:aws:ec2:{HERE}:network-interface/eni-1",
        {"ec2:AuthorizedService": "rds.amazonaws.com"},
    ),
    # also with all workflow packs
    Request("s3:GetObject", "arn:aws:s3:::sagemaker-us-east-1-111122223333/secret"),
    Request("glue:CreateDatabase", f"arn:aws:glue:{HERE}:database/payments"),
    Request("glue:UpdateTable", f"arn:aws:glue:{HERE}:table/payments/orders"),
    Request("glue:UpdateTable", f"arn:aws:glue:{OTHER_ACCOUNT}:catalog"),
    Request("glue:GetTables", f"arn:aws:glue:{OTHER_REGION}:database/payments"),
    Request("ecr:PutImage", f"arn:aws:ecr:{HERE}:repository/payments"),
    Request("sagemaker:StartSession", f"{SM}:space/d-2/anas", {**ANA, SPACE_OWNER: f"{SM}:user-profile/d-1/ana"}),
    Request("sagemaker:StartSession", f"{SM}:space/d-1/bos", {**ANA, SPACE_OWNER: f"{SM}:user-profile/d-1/bo"}),
    Request("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0"),
    Request("bedrock:InvokeModel", "arn:aws:bedrock:eu-west-1::foundation-model/amazon.nova-pro-v1:0", THEIR_PROFILE),
    Request("logs:GetQueryResults", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/payments"),
    Request("lakeformation:GetDataAccess", "*", {"aws:RequestedRegion": "eu-west-1"}),
]

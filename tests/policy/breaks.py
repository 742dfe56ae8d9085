"""Changes that break each policy rule: the rule, the resource and the change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Resources = dict[str, Any]
Break = Callable[[Resources], None]

ALLOW = {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "x:Y", "Resource": "z"}
GRANT = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:111122223333:queue"}
ALL_BUT = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "arn:aws:s3:::x"}
PERMISSION = {"Action": "lambda:InvokeFunction", "FunctionName": {"Ref": "Initializer"}}
OPEN = {"IpProtocol": "tcp", "CidrIp": "0.0.0.0/0", "FromPort": 443, "ToPort": 443}

NO_TLS = {"Bool": {"aws:SecureTransport": "false"}}
DOCUMENT = "Properties/PolicyDocument/Statement"
INLINE = "PolicyDocument/Statement"


def put(path: str, value: Any) -> Break:
    """Write a value, or remove it with None."""

    def broken(resources: Resources) -> None:
        *way, last = path.split("/")
        place: Any = resources
        for key in way:
            place = place[int(key) if isinstance(place, list) else key]
        if value is None:
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value

    return broken


def more(path: str, item: dict[str, Any]) -> Break:
    """Append to a list."""

    def broken(resources: Resources) -> None:
        place: Any = resources
        for key in path.split("/"):
            place = place[int(key) if isinstance(place, list) else key]
        place.append(item)

    return broken


def grant(**properties: Any) -> Break:
    """Allow more in a managed policy."""
    return more(f"DataPolicy/{DOCUMENT}", {**GRANT, **properties})


def inline(**properties: Any) -> Break:
    """Allow more in an inline policy."""
    return more(f"InitializerRole/Properties/Policies/0/{INLINE}", {**GRANT, **properties})


def extra(kind: str, **properties: Any) -> Break:
    """Add a resource."""
    return put("Extra", {"Type": kind, "Properties": properties})


def ingress(**properties: Any) -> Break:
    """Allow more inbound traffic to the security group."""
    return put("SecurityGroup/Properties/SecurityGroupIngress", [{**OPEN, **properties}])


ANYBODY = {**ALLOW, "Principal": {"AWS": ["arn:aws:iam::111122223333:root", "*"]}}
EVERYBODY = {**ALLOW, "Principal": "*"}
BUCKET_POLICY = "InputBucketPolicy/Properties/PolicyDocument/Statement"
KEY_POLICY = "EncryptionKey/Properties/KeyPolicy/Statement"
TOPIC_POLICY = "AlarmTopicPolicy/Properties/PolicyDocument/Statement"
TRUST = "ExecutionRole/Properties/AssumeRolePolicyDocument/Statement"
PUBLIC = "InputBucket/Properties/PublicAccessBlockConfiguration"
ENCRYPTION = "InputBucket/Properties/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault"
ALL_KEYS = "arn:aws:kms:*:111122223333:key/*"
ALL_ROLES = "arn:aws:iam::111122223333:role/*"

BREAKS: list[tuple[str, str, Break]] = [
    ("SAGEMAKER_1", "Notebook", put("Notebook/Properties/DirectInternetAccess", "Enabled")),
    ("SAGEMAKER_1", "Notebook", put("Notebook/Properties/DirectInternetAccess", None)),
    ("SAGEMAKER_2", "Notebook", put("Notebook/Properties/SubnetId", None)),
    ("SAGEMAKER_3", "Notebook", put("Notebook/Properties/RootAccess", "Enabled")),
    ("SAGEMAKER_3", "Notebook", put("Notebook/Properties/RootAccess", None)),
    ("SAGEMAKER_8", "Notebook", put("Notebook/Properties/PlatformIdentifier", "notebook-al2-v3")),
    ("SAGEMAKER_8", "Notebook", put("Notebook/Properties/PlatformIdentifier", None)),
    ("SAGEMAKER_21", "Notebook", put("Notebook/Properties/KmsKeyId", None)),
    ("SAGEMAKER_21", "Notebook", put("Notebook/Properties/KmsKeyId", "")),
    ("SAGEMAKER_21", "Notebook", put("Notebook/Properties/KmsKeyId", "alias/aws/sagemaker")),
    ("SAGEMAKER_IMDSV2", "Notebook", put("Notebook/Properties/InstanceMetadataServiceConfiguration", None)),
    ("SAGEMAKER_VPC_ONLY", "Domain", put("Domain/Properties/AppNetworkAccessType", "PublicInternetOnly")),
    ("S3_2", "InputBucketPolicy", more(BUCKET_POLICY, EVERYBODY)),
    ("S3_2", "InputBucketPolicy", more(BUCKET_POLICY, ANYBODY)),
    ("S3_5", "InputBucket", put(f"{BUCKET_POLICY}/0/Action", ["s3:GetObject"])),
    ("S3_5", "InputBucket", put(f"{BUCKET_POLICY}/0/Condition", {"Bool": {"aws:SecureTransport": True}})),
    ("S3_5", "InputBucket", put(f"{BUCKET_POLICY}/0/Principal", {"AWS": "arn:aws:iam::111122223333:root"})),
    ("S3_5", "InputBucket", put("InputBucketPolicy", None)),
    # the only statement, which may be no list
    ("S3_5", "InputBucket", put(BUCKET_POLICY, {**ALLOW, "Condition": NO_TLS})),
    ("S3_5", "InputBucket", put(BUCKET_POLICY, {**EVERYBODY, "Effect": "Deny", "Condition": NO_TLS})),
    ("S3_6", "InputBucketPolicy", more(BUCKET_POLICY, {**ALLOW, "Action": ["s3:GetObject", "s3:PutBucketPolicy"]})),
    *(
        ("S3_8", "InputBucket", put(f"{PUBLIC}/{name}", value))
        for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        for value in (False, None)
    ),
    ("S3_8", "InputBucket", put(PUBLIC, None)),
    ("S3_9", "InputBucket", put("InputBucket/Properties/LoggingConfiguration", None)),
    ("S3_12", "InputBucket", put("InputBucket/Properties/OwnershipControls", None)),
    ("S3_12", "InputBucket", put("InputBucket/Properties/AccessControl", "Private")),
    ("S3_13", "InputBucket", put("InputBucket/Properties/LifecycleConfiguration", None)),
    ("S3_14", "InputBucket", put("InputBucket/Properties/VersioningConfiguration", None)),
    ("S3_17", "InputBucket", put(f"{ENCRYPTION}/SSEAlgorithm", "AES256")),
    ("KMS_1", "DataPolicy", grant(Action=["s3:GetObject", "kms:Decrypt"], Resource=[{"Ref": "ModelImageUri"}, "*"])),
    ("KMS_1", "DataPolicy", grant(Action="kms:*Decrypt", Resource="*")),
    ("KMS_1", "DataPolicy", grant(Action="kms:Dec*", Resource="*")),
    ("KMS_1", "InitializerRole", inline(Action="kms:ReEncryptFrom", Resource=ALL_KEYS)),
    ("KMS_3", "EncryptionKey", put("EncryptionKey/DeletionPolicy", "Delete")),
    ("KMS_4", "EncryptionKey", put("EncryptionKey/Properties/EnableKeyRotation", None)),
    ("KMS_5", "EncryptionKey", more(KEY_POLICY, EVERYBODY)),
    ("KMS_5", "EncryptionKey", more(KEY_POLICY, ANYBODY)),
    ("SNS_1", "AlarmTopic", put("AlarmTopic/Properties/KmsMasterKeyId", None)),
    ("SNS_4", "AlarmTopicPolicy", more(TOPIC_POLICY, EVERYBODY)),
    ("SNS_4", "AlarmTopicPolicy", more(TOPIC_POLICY, ANYBODY)),
    ("IAM_1", "DataPolicy", grant(Action=["*"], Resource=["*"])),
    ("IAM_1", "InitializerRole", inline(Action="*", Resource="*")),
    ("IAM_21", "DataPolicy", grant(Action=["sqs:SendMessage", "sqs:*"])),
    ("IAM_21", "InitializerRole", inline(Action="sqs:*")),
    ("IAM_21", "DataPolicy", more(f"DataPolicy/{DOCUMENT}", ALL_BUT)),
    ("IAM_21", "InitializerRole", more(f"InitializerRole/Properties/Policies/0/{INLINE}", ALL_BUT)),
    ("IAM_PASSROLE", "DataPolicy", grant(Action="iam:PassRole", Resource="*")),
    ("IAM_PASSROLE", "DataPolicy", grant(Action=["iam:Pa*"], Resource="*")),
    ("IAM_PASSROLE", "DataPolicy", grant(Action="iam:*Role", Resource="*")),
    ("IAM_PASSROLE", "InitializerRole", inline(Action=["iam:Pass*"], Resource=["arn:aws:s3:::x", ALL_ROLES])),
    ("IAM_TRUST", "ExecutionRole", put(f"{TRUST}/0/Condition", None)),
    ("IAM_TRUST", "ExecutionRole", put(f"{TRUST}/0/Principal", "*")),
    ("IAM_TRUST", "ExecutionRole", put(f"{TRUST}/0/Principal", {"AWS": "*"})),
    ("LAMBDA_1", "Extra", extra("AWS::Lambda::Permission", **PERMISSION, Principal="*")),
    ("LAMBDA_1", "Extra", extra("AWS::Lambda::Permission", **PERMISSION, Principal="s3.amazonaws.com")),
    ("LAMBDA_2", "Initializer", put("Initializer/Properties/Runtime", "python3.9")),
    ("LAMBDA_2", "Initializer", put("Initializer/Properties/Runtime", None)),
    ("EC2_18", "SecurityGroup", ingress(FromPort=22, ToPort=22)),
    ("EC2_18", "SecurityGroup", ingress(FromPort=80, ToPort=443)),
    ("EC2_18", "SecurityGroup", ingress(ToPort=8443)),
    ("EC2_18", "Extra", extra("AWS::EC2::SecurityGroupIngress", GroupId="sg-1", IpProtocol="-1", CidrIpv6="::/0")),
]

"""Encryption: with an existing KMS key, a key that this stack creates, or keys that AWS manages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from awacs.aws import Action, Allow, ArnLike, Condition, Principal, Statement
from troposphere import AWSHelperFn, GetAtt, If, Parameter, Ref, Retain, RetainExceptOnCreate, Sub, kms

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    any_of,
    boolean_parameter,
    is_empty,
    is_not_empty,
    is_true,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.iam import actions, for_this_account, policy_document
from smtemplates.templates.workspace.budget_limit import BUDGETS, CLOUDWATCH, BudgetLimit
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.registry_sharing import RegistrySharing

DELETION_WINDOW_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Encryption(Construct):
    """Represent the KMS key of the workspace, if there is one."""

    has_key: NamedCondition
    use_existing: NamedCondition
    existing: Parameter
    create: Parameter

    def key_arn(self) -> If:
        """Return the ARN of the key. Use it only where `has_key` is true."""
        return when(self.use_existing, Ref(self.existing), GetAtt("EncryptionKey", "Arn"))

    def is_given(self) -> AWSHelperFn:
        """Build a test for Rules: there is a key."""
        return any_of(is_true(self.create), is_not_empty(self.existing))

    def key(self) -> If:
        """Return the value of a property for the key, which is omitted without a key."""
        return when(self.has_key, self.key_arn())


def encryption(
    project: Project, budget_limit: BudgetLimit | None = None, registry_sharing: RegistrySharing | None = None
) -> Encryption:
    """Build the choice between keys that AWS manages, an existing key, and a key of this stack."""
    arn = string_parameter(
        "KmsKeyArn",
        "ARN of an existing KMS key. It encrypts the buckets, job outputs, the alarm topic, the volumes of the "
        "notebook and of Studio, and the log of the function that creates folders and log groups. Other logs are "
        "encrypted with keys of CloudWatch Logs, because all teams share their groups. Volumes of jobs are not "
        "encrypted with it, because some instance types do not accept a key. Volumes of the endpoint are encrypted "
        "with it only if EncryptEndpointVolumes is true. The key policy must "
        "delegate access control to IAM policies of this account and allow CloudWatch, CloudWatch Logs "
        "and AWS Budgets. Changing this replaces the notebook instance and deletes the files on it, and "
        "deploys an endpoint that encrypts with it again. The role can no longer read data that "
        "the previous key encrypted. The repository for Studio images is retained, "
        "and an empty one replaces it. Delete a Studio domain first (CreateDomain=false). Leave empty to use keys that "
        "AWS manages, or a key that this stack creates.",
        pattern="^$|^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$",
        hint="must be empty or the ARN of a KMS key, such as arn:aws:kms:us-east-1:111122223333:key/<id>, not of "
        "an alias",
        max_length=128,
    )
    create = boolean_parameter(
        "CreateKmsKey",
        "Create a KMS key with yearly rotation and encrypt with it. The key has a monthly charge and is retained "
        "when the stack is deleted. Changing this replaces the notebook instance and deletes the files on it, and "
        "deploys an endpoint that encrypts with it again. The role can no longer read data that "
        "the previous key encrypted. The repository for Studio images is "
        "retained, and an empty one replaces it. Delete a Studio domain first (CreateDomain=false). If false, no key "
        "is created.",
        default=False,
    )
    is_created = NamedCondition("CreateKmsKey", is_true(create))
    use_existing = NamedCondition("UseKmsKeyArn", is_not_empty(arn))
    has_key = NamedCondition("HasKmsKey", any_of(is_created, use_existing))
    publishers = budget_limit.publishers() if budget_limit else CLOUDWATCH
    return Encryption(
        title="Encryption",
        source=__name__,
        switches={"Create KMS key": create},
        parameters={"Existing KMS key": arn},
        conditions=[is_created, use_existing, has_key],
        rules={
            "OneKmsKey": rule(
                "Enter KmsKeyArn or set CreateKmsKey to true, but not both. One key encrypts everything.",
                is_empty(arn),
                given=is_true(create),
            )
        },
        resources=[_key(project, is_created, required_key_policy(publishers, registry_sharing))],
        has_key=has_key,
        use_existing=use_existing,
        existing=arn,
        create=create,
    )


def _key(project: Project, is_created: NamedCondition, policy: dict[str, Any]) -> kms.Key:
    """Build the key. It is retained when the stack is deleted, because the encrypted data would be lost with it."""
    return kms.Key(
        "EncryptionKey",
        Condition=is_created.name,
        DeletionPolicy=RetainExceptOnCreate,
        UpdateReplacePolicy=Retain,
        Description=Sub("Encrypts the SageMaker workspace of stack ${AWS::StackName}"),
        EnableKeyRotation=True,
        PendingWindowInDays=DELETION_WINDOW_DAYS,
        KeyPolicy=policy,
        Tags=project.tags(),
    )


def required_key_policy(publishers: Any = None, sharing: RegistrySharing | None = None) -> dict[str, Any]:
    """Return the key policy that a key needs, whether this stack creates it or not.

    `publishers` are the services that publish to the alarm topic themselves (default: all). EventBridge uses a role.
    `sharing` adds the statement for other accounts that deploy models.
    """
    return policy_document(
        Statement(
            Sid="AccountDecidesWithIam",
            Effect=Allow,
            Principal=Principal("AWS", Sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")),
            Action=[Action("kms", "*")],
            Resource=["*"],
        ),
        _service_may_use("LogGroups", Sub("logs.${AWS::Region}.${AWS::URLSuffix}"), _log_groups()),
        # AWS does not document that budgets publish to an encrypted topic (inferred from the other services)
        _service_may_use("Alarms", publishers or [BUDGETS, CLOUDWATCH], for_this_account()),
        *([sharing.decrypt_artifacts()] if sharing else []),
    )


def _service_may_use(sid: str, service: Any, condition: Condition) -> Statement:
    """Build a statement that allows a service to encrypt with the key.

    Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    Source: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    """
    return Statement(
        Sid=sid,
        Effect=Allow,
        Principal=Principal("Service", service),
        Action=actions("kms", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey*", "ReEncrypt*"),
        Resource=["*"],
        Condition=condition,
    )


def _log_groups() -> Condition:
    groups = Sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*")
    return Condition(ArnLike({"kms:EncryptionContext:aws:logs:arn": groups}))

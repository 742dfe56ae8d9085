"""Describe resource types in words, for readers who do not know the names of CloudFormation."""

from __future__ import annotations

import re

from smtemplates.pages.diagram import kind

# The names of services that differ from those in resource types. '' if the kind of a resource needs no service.
_SERVICES = {
    "ApplicationAutoScaling": "Auto Scaling",
    "Budgets": "",
    "CertificateManager": "ACM",
    "CloudFormation": "",
    "ElasticLoadBalancingV2": "Elastic Load Balancing",
    "Events": "EventBridge",
    "Logs": "CloudWatch",
    "SecretsManager": "Secrets Manager",
    "ServiceCatalog": "Service Catalog",
    "StepFunctions": "Step Functions",
}
_ACRONYMS = re.compile(r"\b(acl|api|arn|arns|cidr|dns|ebs|efs|iam|id|ids|ip|kms|mlflow|sns|sqs|ssl|tls|uri|url|vpc)\b")
_SPELLINGS = {"arns": "ARNs", "ids": "IDs", "mlflow": "MLflow"}
_KINDS = {"AWS::CloudFormation::Stack": "nested stack"}


def type_in_words(type_: str) -> str:
    """Return a resource type in words, such as "SQS queue" for AWS::SQS::Queue. Unusual types are not changed."""
    if type_ in _KINDS or re.fullmatch(r"Custom::\w+", type_):
        return _KINDS.get(type_, "custom resource")
    if not re.fullmatch(r"\w+::\w+::\w+", type_):
        return type_
    service = type_.split("::")[1]
    return f"{_SERVICES.get(service, service)} {_spelled(type_)}".strip()


def words(name: str) -> str:
    """Return a name of CloudFormation as words, such as "lifecycle configuration". Other texts are not changed."""
    return _spelled(name) if re.fullmatch(r"[A-Za-z0-9]+", name) else name


def _spelled(name: str) -> str:
    return _ACRONYMS.sub(lambda found: _SPELLINGS.get(found[0], found[0].upper()), kind(name))

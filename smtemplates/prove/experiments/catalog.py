"""A launch through Service Catalog, by a user who has no permissions for the resources of the workspace."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

from smtemplates.aws.errors import DENIED, CloudError
from smtemplates.aws.session import Cloud
from smtemplates.aws_data.usage_prices import REQUESTS
from smtemplates.prove.experiment import Charge, Experiment, LateError, RefutedError
from smtemplates.prove.products import PRODUCT
from smtemplates.prove.roles import ROLE_MINUTES, as_role
from smtemplates.prove.staged import BUCKET, OUTPUT, ROOT, stage, template_for_core, trust
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import workspace
from smtemplates.specializing.specialization import specialize

SUFFIX = "-catalog"
BOUNDARY, SETTING, CHANGED = "PermissionsBoundaryArn", "NoncurrentVersionExpirationDays", "30"
VERSION = "1.0.0"
ENDED = ("AVAILABLE", "TAINTED", "ERROR")
MISSING = "ResourceNotFoundException"


def user() -> dict[str, Any]:
    """Return a role of the account that can only use Service Catalog.

    Source: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSServiceCatalogEndUserFullAccess.html
    """
    access = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AWSServiceCatalogEndUserFullAccess"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": trust(ROOT), "ManagedPolicyArns": [access]},
    }


@cache
def catalog() -> dict[str, Any]:
    """Return the catalog for the workspace without optional features."""
    keep = ("TemplateUrl", "PrincipalArns", "LaunchRoleName", "ProductName")
    return specialize(template_for_core("service-catalog"), keep=keep)


def launch(trial: Trial, cloud: Cloud, product: str, boundary: str) -> str:
    """Launch the product, and return its name. The access of the user has an effect only after some seconds.

    Raises:
        RefutedError: The user cannot launch the product.
    """
    name, reason = trial.new_name(), ""
    request = {
        "ProductId": product,
        "ProvisioningArtifactName": VERSION,
        "ProvisionedProductName": name,
        "ProvisioningParameters": [{"Key": BOUNDARY, "Value": boundary}],
        "ProvisionToken": str(uuid.uuid4()),
        "Tags": trial.tag_list,
    }
    trial.created.append((PRODUCT, name))

    def question() -> bool | None:
        nonlocal reason
        try:
            cloud.call("servicecatalog", "provision_product", **request)
        except CloudError as error:
            if error.code not in (*DENIED, MISSING):
                raise
            reason = str(error)
            return None
        return True

    try:
        trial.until("the user can launch the product", question, minutes=ROLE_MINUTES)
    except LateError as error:
        raise RefutedError(f"The user cannot launch the product. {reason}") from error
    return name


def described(cloud: Cloud, name: str) -> Mapping[str, Any] | None:
    """Return the description of a launched product; None if it is terminated."""
    try:
        found: Mapping[str, Any] = cloud.call("servicecatalog", "describe_provisioned_product", Name=name)
    except CloudError as error:
        if error.code == MISSING:
            return None
        raise
    return found["ProvisionedProductDetail"]  # type: ignore[no-any-return]


def check_available(trial: Trial, cloud: Cloud, name: str, what: str, record: str = "") -> None:
    """Wait until an operation ends, and check that the product is available. `record` is the ID of its record.

    Raises:
        RefutedError: The operation failed.
    """

    def question() -> Mapping[str, Any] | None:
        found = described(cloud, name)
        ended = found is not None and found["Status"] in ENDED and record in ("", found["LastRecordId"])
        return found if ended else None

    found = trial.until(f"the {what} ends", question)
    trial.note(f"Status after the {what}: {found['Status']}. {found.get('StatusMessage', '')}".rstrip())
    if found["Status"] != "AVAILABLE":
        raise RefutedError(f"The {what} failed. {found.get('StatusMessage', 'AWS gives no reason.')}")


def run(trial: Trial) -> str:
    """Launch, update and terminate a workspace as a user who can only use Service Catalog."""
    outputs = {**OUTPUT, "User": {"Fn::GetAtt": ["User", "Arn"]}}
    first = trial.deploy(
        {
            "Resources": {**BUCKET, "User": user()},
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
    )
    url = stage(trial, first["Templates"], workspace(keep=(BOUNDARY, SETTING)))
    given = {
        "TemplateUrl": url,
        "PrincipalArns": first["User"],
        "LaunchRoleName": trial.stack,
        "ProductName": trial.stack,
    }
    found = trial.deploy(catalog(), suffix=SUFFIX, parameters=given)
    cloud = as_role(trial, first["User"])
    name = launch(trial, cloud, found["ProductId"], found[BOUNDARY])
    check_available(trial, cloud, name, "launch")
    trial.only_in_aws("its Service Catalog does not update launched products.")
    parameters = [{"Key": BOUNDARY, "UsePreviousValue": True}, {"Key": SETTING, "Value": CHANGED}]
    updated = cloud.call(
        "servicecatalog",
        "update_provisioned_product",
        ProvisionedProductName=name,
        ProductId=found["ProductId"],
        ProvisioningArtifactName=VERSION,
        ProvisioningParameters=parameters,
        UpdateToken=str(uuid.uuid4()),
    )
    check_available(trial, cloud, name, "update", updated["RecordDetail"]["RecordId"])
    cloud.call(
        "servicecatalog",
        "terminate_provisioned_product",
        ProvisionedProductName=name,
        TerminateToken=str(uuid.uuid4()),
    )

    def question() -> str | None:
        now = described(cloud, name)
        if now is None:
            return ""
        return str(now.get("StatusMessage", now["Status"])) if now["Status"] in ("TAINTED", "ERROR") else None

    if reason := trial.until("the product is terminated", question):
        raise RefutedError(f"The termination failed. {reason}")
    return "The user launched, updated and terminated a workspace with the permissions of the launch role."


EXPERIMENT = Experiment(
    name="catalog-launch",
    creates=(
        "a stack with a bucket for the template, and a role that has only AWSServiceCatalogEndUserFullAccess",
        "a second stack with the catalog: its portfolio, its product, the launch role and the permissions boundary",
        "by the launch, a stack with a workspace without optional features",
    ),
    asks=(
        "Launch the product with that role, and read its status.",
        "Change a parameter of the launched product with that role, and read its status.",
        "Terminate it with that role, and wait until it does not exist.",
    ),
    refuted_by="The role cannot launch the product, or the launch, the update or the termination fails.",
    charges=(Charge(2, REQUESTS),),
    minutes=60,
    run=run,
)

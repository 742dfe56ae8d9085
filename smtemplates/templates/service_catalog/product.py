"""Product: the workspace in the portfolio, its first version, and the constraints for launches."""

from __future__ import annotations

import json
from typing import Any

from troposphere import AWSObject, If, Parameter, Ref, Select, Split, Sub, servicecatalog

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    choice_parameter,
    is_not_empty,
    output,
    placeholder,
    string_parameter,
    when,
)
from smtemplates.templates.launch_role.template import BOUNDARY, LaunchRole
from smtemplates.templates.service_catalog.portfolio import Portfolio
from smtemplates.templates.workspace.template import DESCRIPTION

IN_PORTFOLIO = "ProductInPortfolio"


def product(portfolio: Portfolio, launch_role: LaunchRole) -> Construct:
    """Build the product, once its template is staged. There is no public URL of the template.

    `smtemplates publish version` creates later versions. It finds the product by the output ProductId.
    """
    url, version = _first_version()
    name, email, tags = _about()
    create = NamedCondition("CreateProduct", is_not_empty(url))
    has_email = NamedCondition("HasSupportEmail", is_not_empty(email))
    has_boundary = NamedCondition("HasOwnBoundary", is_not_empty(launch_role.boundary))
    create_notification = NamedCondition("CreateNotification", all_of(create, launch_role.has_topic))
    boundary = _boundary(has_boundary, launch_role)
    support_email = when(has_email, Ref(email))
    made = _product(create, portfolio, boundary, name, support_email, url, version)
    return Construct(
        title="Product",
        source=__name__,
        parameters={
            "Template URL": url,
            "First version": version,
            "Product name": name,
            "Support email address": email,
            "Tag updates after launch": tags,
        },
        conditions=[create, has_email, has_boundary, create_notification],
        resources=[
            made,
            servicecatalog.PortfolioProductAssociation(
                IN_PORTFOLIO, Condition=create.name, PortfolioId=Ref(portfolio.portfolio), ProductId=Ref(made)
            ),
            *_terms(create, create_notification, portfolio, made, launch_role, boundary, tags),
        ],
        outputs=[
            output(
                "ProductId",
                "ID of the product. The publisher finds it with --catalog and the name of this stack.",
                Ref(made),
                condition=create,
            ),
        ],
    )


def _terms(
    create: NamedCondition,
    create_notification: NamedCondition,
    portfolio: Portfolio,
    made: servicecatalog.CloudFormationProduct,
    launch_role: LaunchRole,
    boundary: If,
    tags: Parameter,
) -> list[AWSObject]:
    """Build the constraints for launches. AWS accepts them only after the product is in the portfolio."""
    both: dict[str, Any] = {
        "DependsOn": IN_PORTFOLIO,
        "PortfolioId": Ref(portfolio.portfolio),
        "ProductId": Ref(made),
    }
    return [
        servicecatalog.LaunchRoleConstraint(
            "LaunchConstraint", Condition=create.name, LocalRoleName=launch_role.local_name(), **both
        ),
        servicecatalog.LaunchTemplateConstraint(
            "BoundaryRule", Condition=create.name, Rules=_rules(launch_role, boundary), **both
        ),
        servicecatalog.ResourceUpdateConstraint(
            "TagUpdates", Condition=create.name, TagUpdateOnProvisionedProduct=Ref(tags), **both
        ),
        servicecatalog.LaunchNotificationConstraint(
            "Notification", Condition=create_notification.name, NotificationArns=[Ref(launch_role.topic)], **both
        ),
    ]


def _product(
    create: NamedCondition,
    portfolio: Portfolio,
    boundary: If,
    name: Parameter,
    support_email: If,
    url: Parameter,
    version: Parameter,
) -> servicecatalog.CloudFormationProduct:
    """Build the product. The description of its first version contains the digest, as for later versions.

    The deployer stages a template under the hash of its content, so the URL contains the digest.
    """
    staged = Select(1, Split("/smtemplates/", Sub(f"{placeholder(url)}/smtemplates/.")))
    return servicecatalog.CloudFormationProduct(
        "Product",
        Condition=create.name,
        Description=DESCRIPTION,
        Name=Ref(name),
        Owner=Ref(portfolio.provider),
        ProvisioningArtifactParameters=[
            servicecatalog.ProvisioningArtifactProperties(
                Description=Sub("The first version (sha256:${Digest})", Digest=Select(0, Split(".", staged))),
                Info=servicecatalog.Info(LoadTemplateFromURL=Ref(url)),
                Name=Ref(version),
                Type="CLOUD_FORMATION_TEMPLATE",
            )
        ],
        SupportDescription=Sub("At launch, enter this as PermissionsBoundaryArn: ${Boundary}.", Boundary=boundary),
        SupportEmail=support_email,
    )


def _boundary(has_boundary: NamedCondition, launch_role: LaunchRole) -> If:
    """Return the ARN of the boundary that users enter. It differs by account, so they insert their account ID."""
    theirs = BOUNDARY.replace("${AWS::AccountId}", "ACCOUNT")
    own = (
        f"{placeholder(launch_role.boundary)} (in another account: "
        "the output PermissionsBoundaryArn of its launch-role stack)"
    )
    return when(has_boundary, Sub(own), Sub(f"{theirs} (ACCOUNT is the ID of the account)"))


def _rules(launch_role: LaunchRole, boundary: If) -> Sub:
    """Build the rule that rejects a launch without a boundary, which the launch role would deny later.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/reference-template_constraint_rules.html
    """
    sentence = (
        "Enter PermissionsBoundaryArn: ${Boundary}. Roles without this boundary cannot be created. An existing bucket "
        "must be one that the boundary allows."
    )
    named = {"Fn::Not": [{"Fn::Equals": [{"Ref": launch_role.workspace_boundary.title}, ""]}]}
    rules = {"RolesAreBounded": {"Assertions": [{"Assert": named, "AssertDescription": sentence}]}}
    return Sub(json.dumps(rules), Boundary=boundary)


def _first_version() -> tuple[Parameter, Parameter]:
    url = string_parameter(
        "TemplateUrl",
        "URL of the staged workspace template, as printed by the link command of the publisher. Service Catalog "
        "keeps a copy. Do not change it later: publish new versions instead. Leave empty to create the portfolio "
        "without a product.",
        pattern="^$|^https://[A-Za-z0-9.-]{3,200}/([A-Za-z0-9._-]{1,200}/)?smtemplates/[0-9a-f]{64}[.]template$",
        hint="must be empty or the URL of a staged template, https://.../smtemplates/<its SHA-256>.template",
        max_length=500,
    )
    version = string_parameter(
        "FirstVersion",
        "Name of the first version of the product. Do not change it later, because it is part of the launched "
        "product. Default: 1.0.0.",
        pattern="^(0|[1-9][0-9]{0,8})([.](0|[1-9][0-9]{0,8})){0,2}$",
        hint="must be a version such as 1.0.0",
        max_length=29,
        default="1.0.0",
    )
    return url, version


def _about() -> tuple[Parameter, Parameter, Parameter]:
    name = string_parameter(
        "ProductName",
        "Name of the product in the catalog. Default: SageMaker workspace.",
        pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$",
        hint="must be 1 to 100 letters, digits, spaces and . _ -, starting with a letter or digit",
        max_length=100,
        default="SageMaker workspace",
    )
    email = string_parameter(
        "SupportEmail",
        "Email address for support that the catalog shows. Leave empty for no address.",
        pattern="^$|^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}$",
        hint="must be empty or one email address",
        max_length=254,
    )
    tags = choice_parameter(
        "TagUpdatesAfterLaunch",
        "Whether users who launch the product may change the tags of the stack later. Default: NOT_ALLOWED.",
        ("ALLOWED", "NOT_ALLOWED"),
        default="NOT_ALLOWED",
    )
    return name, email, tags

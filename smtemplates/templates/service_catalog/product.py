"""Product: the workspace in the portfolio, its first version, and on what terms it is launched."""

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
    """Make the product once its template is staged: there is no URL of it that works for everybody.

    Later versions are made by scripts/publish.py, which finds the product by the output ProductId.
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
            "URL of the template": url,
            "First version": version,
            "Name of the product": name,
            "Address for support": email,
            "May launched stacks be tagged anew?": tags,
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
                "ID of the product, for scripts/publish.py --catalog with the name of this stack",
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
    """Set the terms of launches, once the product is in the portfolio: AWS takes none before."""
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
    """Make the product; its description says the first version's content the way scripts/publish.py does.

    The deployer stages a template under the hash of its content, so the URL says it.
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
        SupportDescription=Sub("Launches give PermissionsBoundaryArn: ${Boundary}.", Boundary=boundary),
        SupportEmail=support_email,
    )


def _boundary(has_boundary: NamedCondition, launch_role: LaunchRole) -> If:
    """Name the boundary to whoever launches: it is one an account, so they put in what is theirs."""
    theirs = BOUNDARY.replace("${AWS::AccountId}", "ACCOUNT")
    own = (
        f"{placeholder(launch_role.boundary)} (in another account: "
        "output PermissionsBoundaryArn of its launch-role stack)"
    )
    return when(has_boundary, Sub(own), Sub(f"{theirs} (ACCOUNT is the ID of the account)"))


def _rules(launch_role: LaunchRole, boundary: If) -> Sub:
    """Say in words what the launch role refuses: a launch that names no boundary.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/reference-template_constraint_rules.html
    """
    sentence = (
        "Give PermissionsBoundaryArn: ${Boundary}. Roles without it cannot be made; a bucket that is brought must be "
        "one that it allows."
    )
    named = {"Fn::Not": [{"Fn::Equals": [{"Ref": launch_role.workspace_boundary.title}, ""]}]}
    rules = {"RolesAreBounded": {"Assertions": [{"Assert": named, "AssertDescription": sentence}]}}
    return Sub(json.dumps(rules), Boundary=boundary)


def _first_version() -> tuple[Parameter, Parameter]:
    url = string_parameter(
        "TemplateUrl",
        "Where scripts/publish.py link --staging-bucket has staged workspace.yaml; Service Catalog keeps a copy. Later "
        "versions are published, so leave this alone then. Empty: the portfolio without a product.",
        pattern="^$|^https://[A-Za-z0-9.-]{3,200}/([A-Za-z0-9._-]{1,200}/)?smtemplates/[0-9a-f]{64}[.]template$",
        hint="must be empty or the URL of a staged template, https://.../smtemplates/<its SHA-256>.template",
        max_length=500,
    )
    version = string_parameter(
        "FirstVersion",
        "Name of the first version; with TemplateUrl it makes what is launched, so leave it alone later. "
        "Left alone: 1.0.0.",
        pattern="^(0|[1-9][0-9]{0,8})([.](0|[1-9][0-9]{0,8})){0,2}$",
        hint="must be a version like 1.0.0",
        max_length=29,
        default="1.0.0",
    )
    return url, version


def _about() -> tuple[Parameter, Parameter, Parameter]:
    name = string_parameter(
        "ProductName",
        "What people see in the catalog. Left alone: SageMaker workspace.",
        pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$",
        hint="must be 1 to 100 letters, digits, spaces and . _ -, a letter or digit first",
        max_length=100,
        default="SageMaker workspace",
    )
    email = string_parameter(
        "SupportEmail",
        "E-mail address that the catalog shows for support. Empty: none.",
        pattern="^$|^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}$",
        hint="must be empty or one e-mail address",
        max_length=254,
    )
    tags = choice_parameter(
        "TagUpdatesAfterLaunch",
        "May whoever launched change a stack's tags later? Left alone: NOT_ALLOWED.",
        ("ALLOWED", "NOT_ALLOWED"),
        default="NOT_ALLOWED",
    )
    return name, email, tags

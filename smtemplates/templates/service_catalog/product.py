"""Product: the workspace in the portfolio, its first version, and the constraints for launches."""

from __future__ import annotations

import json
from typing import Any

from troposphere import AWSObject, If, Parameter, Ref, Select, Split, Sub, servicecatalog

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    boolean_parameter,
    choice_parameter,
    is_not_empty,
    is_true,
    output,
    placeholder,
    string_parameter,
    when,
)
from smtemplates.templates.launch_role.template import BOUNDARY, LaunchRole
from smtemplates.templates.service_catalog.portfolio import Portfolio
from smtemplates.templates.service_catalog.tag_options import PER_KEY, tag_options
from smtemplates.templates.workspace.template import DESCRIPTION

IN_PORTFOLIO = "ProductInPortfolio"


def product(portfolio: Portfolio, launch_role: LaunchRole, tag_values: int) -> Construct:
    """Build the product, once its template is staged. There is no public URL of the template.

    `smtemplates publish version` creates later versions. It finds the product by the output ProductId. The values of a
    tag that exceed the quota of the portfolio (`tag_values` in all) are values of a second tag of the product.
    """
    url, version = _first_version()
    name, email, updates = _about()
    require = _require_boundary()
    create = NamedCondition("CreateProduct", is_not_empty(url))
    create_rule = NamedCondition("CreateBoundaryRule", all_of(create, is_true(require)))
    has_email = NamedCondition("HasSupportEmail", is_not_empty(email))
    has_boundary = NamedCondition("HasOwnBoundary", is_not_empty(launch_role.boundary))
    create_notification = NamedCondition("CreateNotification", all_of(create, launch_role.has_topic))
    boundary = _boundary(has_boundary, launch_role)
    support_email = when(has_email, Ref(email))
    support = when(create_rule, Sub("At launch, enter this as PermissionsBoundaryArn: ${Boundary}.", Boundary=boundary))
    made = _product(create, portfolio, support, name, support_email, url, version)
    more_tags = tag_options(2, tag_values - PER_KEY, Ref(made), create) if tag_values > PER_KEY else None
    return Construct(
        title="Product",
        source=__name__,
        parameters={
            "Template URL": url,
            "First version": version,
            "Product name": name,
            "Support email address": email,
            "Tag updates after launch": updates,
            "Require the permissions boundary": require,
            **(more_tags.parameters if more_tags else {}),
        },
        conditions=[
            create,
            create_rule,
            has_email,
            has_boundary,
            create_notification,
            *(more_tags.conditions if more_tags else ()),
        ],
        resources=[
            made,
            servicecatalog.PortfolioProductAssociation(
                IN_PORTFOLIO, Condition=create.name, PortfolioId=Ref(portfolio.portfolio), ProductId=Ref(made)
            ),
            *_terms(create, create_rule, create_notification, portfolio, made, launch_role, boundary, updates),
            *(more_tags.resources if more_tags else ()),
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
    create_rule: NamedCondition,
    create_notification: NamedCondition,
    portfolio: Portfolio,
    made: servicecatalog.CloudFormationProduct,
    launch_role: LaunchRole,
    boundary: If,
    updates: Parameter,
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
            "BoundaryRule", Condition=create_rule.name, Rules=_rules(launch_role, boundary), **both
        ),
        servicecatalog.ResourceUpdateConstraint(
            "TagUpdates", Condition=create.name, TagUpdateOnProvisionedProduct=Ref(updates), **both
        ),
        servicecatalog.LaunchNotificationConstraint(
            "Notification", Condition=create_notification.name, NotificationArns=[Ref(launch_role.topic)], **both
        ),
    ]


def _product(
    create: NamedCondition,
    portfolio: Portfolio,
    support: If,
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
        SupportDescription=support,
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
        "URL of the staged workspace template, as printed by smtemplates publish stage. Service Catalog "
        "keeps a copy. Do not change it later: publish new versions instead. Leave empty to create the portfolio "
        "without a product.",
        # the second host is the local cloud, on which a catalog can be rehearsed
        pattern="^$|^(https://[A-Za-z0-9.-]{3,200}|http://127[.]0[.]0[.]1:[0-9]{1,5})"
        "/([A-Za-z0-9._-]{1,200}/)?smtemplates/[0-9a-f]{64}[.]template$",
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


def _require_boundary() -> Parameter:
    """Build the parameter for templates without PermissionsBoundaryArn, for which the rule of a launch is not valid.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/reference-template_constraint_rules.html
    """
    return boolean_parameter(
        "RequireBoundary",
        "If true, a launch without PermissionsBoundaryArn is rejected. If false, the template of the product must not "
        "have this parameter, because it fixes the boundary. Default: true.",
        default=True,
    )


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

"""Product: the workspace in the portfolio, its first version, and on what terms it is launched."""

from __future__ import annotations

import json
from typing import Any

from troposphere import AWSObject, Parameter, Ref, Select, Split, Sub, servicecatalog

from smtemplates.core.construct import Part, all_of, choice, is_, is_set, output, text, when
from smtemplates.templates.launch_role.template import BOUNDARY, Launch
from smtemplates.templates.service_catalog.portfolio import Portfolio
from smtemplates.templates.workspace.template import DESCRIPTION

CREATE = "CreateProduct"
IN_PORTFOLIO = "ProductInPortfolio"


def product(portfolio: Portfolio, launch: Launch) -> Part:
    """Make the product once its template is staged: there is no URL of it that works for everybody.

    Later versions are made by scripts/publish.py, which finds the product by the output ProductId.
    """
    url, version = _first_version()
    name, email, tags = _about()
    made = _product(portfolio, launch, name, email, url, version)
    return Part(
        title="Product",
        source=__name__,
        parameters={
            "URL of the template": url,
            "First version": version,
            "Name of the product": name,
            "Address for support": email,
            "May launched stacks be tagged anew?": tags,
        },
        conditions={
            CREATE: is_set(url),
            "HasSupportEmail": is_set(email),
            "HasOwnBoundary": is_set(launch.boundary),
            "CreateNotification": all_of(is_(CREATE), is_(launch.has_topic)),
        },
        resources=[
            made,
            servicecatalog.PortfolioProductAssociation(
                IN_PORTFOLIO, Condition=CREATE, PortfolioId=Ref(portfolio.portfolio), ProductId=Ref(made)
            ),
            *_terms(portfolio, made, launch, tags),
        ],
        outputs=[
            output(
                "ProductId",
                "ID of the product, for scripts/publish.py --catalog with the name of this stack",
                Ref(made),
                condition=CREATE,
            ),
        ],
    )


def _terms(
    portfolio: Portfolio, made: servicecatalog.CloudFormationProduct, launch: Launch, tags: Parameter
) -> list[AWSObject]:
    """Set the terms of launches, once the product is in the portfolio: AWS takes none before."""
    both: dict[str, Any] = {
        "DependsOn": IN_PORTFOLIO,
        "PortfolioId": Ref(portfolio.portfolio),
        "ProductId": Ref(made),
    }
    return [
        servicecatalog.LaunchRoleConstraint(
            "LaunchConstraint", Condition=CREATE, LocalRoleName=launch.local_name(), **both
        ),
        servicecatalog.LaunchTemplateConstraint("BoundaryRule", Condition=CREATE, Rules=_rules(launch), **both),
        servicecatalog.ResourceUpdateConstraint(
            "TagUpdates", Condition=CREATE, TagUpdateOnProvisionedProduct=Ref(tags), **both
        ),
        servicecatalog.LaunchNotificationConstraint(
            "Notification", Condition="CreateNotification", NotificationArns=[Ref(launch.topic)], **both
        ),
    ]


def _product(
    portfolio: Portfolio, launch: Launch, name: Parameter, email: Parameter, url: Parameter, version: Parameter
) -> servicecatalog.CloudFormationProduct:
    """Make the product; its description says the first version's content the way scripts/publish.py does.

    The deployer stages a template under the hash of its content, so the URL says it.
    """
    staged = Select(1, Split("/smtemplates/", Sub(f"${{{url.title}}}/smtemplates/.")))
    return servicecatalog.CloudFormationProduct(
        "Product",
        Condition=CREATE,
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
        SupportDescription=Sub("Launches give PermissionsBoundaryArn: ${Boundary}.", Boundary=_boundary(launch)),
        SupportEmail=when("HasSupportEmail", Ref(email)),
    )


def _boundary(launch: Launch) -> Any:
    """Name the boundary to whoever launches: it is one an account, so they put in what is theirs."""
    theirs = BOUNDARY.replace("${AWS::AccountId}", "ACCOUNT")
    own = f"${{{launch.boundary.title}}} (in another account: output PermissionsBoundaryArn of its launch-role stack)"
    return when("HasOwnBoundary", Sub(own), Sub(f"{theirs} (ACCOUNT is the ID of the account)"))


def _rules(launch: Launch) -> Sub:
    """Say in words what the launch role refuses: a launch that names no boundary.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/reference-template_constraint_rules.html
    """
    sentence = (
        "Give PermissionsBoundaryArn: ${Boundary}. Roles without it cannot be made; a bucket that is brought must be "
        "one that it allows."
    )
    named = {"Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundaryArn"}, ""]}]}
    rules = {"RolesAreBounded": {"Assertions": [{"Assert": named, "AssertDescription": sentence}]}}
    return Sub(json.dumps(rules), Boundary=_boundary(launch))


def _first_version() -> tuple[Parameter, Parameter]:
    url = text(
        "TemplateUrl",
        "Where scripts/publish.py link --staging-bucket has staged workspace.yaml; Service Catalog keeps a copy. Later "
        "versions are published, so leave this alone then. Empty: the portfolio without a product.",
        pattern="^$|^https://[A-Za-z0-9.-]{3,200}/([A-Za-z0-9._-]{1,200}/)?smtemplates/[0-9a-f]{64}[.]template$",
        hint="must be empty or the URL of a staged template, https://.../smtemplates/<its SHA-256>.template",
        max_length=500,
    )
    version = text(
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
    name = text(
        "ProductName",
        "What people see in the catalog. Left alone: SageMaker workspace.",
        pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$",
        hint="must be 1 to 100 letters, digits, spaces and . _ -, a letter or digit first",
        max_length=100,
        default="SageMaker workspace",
    )
    email = text(
        "SupportEmail",
        "E-mail address that the catalog shows for support. Empty: none.",
        pattern="^$|^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+[.][A-Za-z]{2,}$",
        hint="must be empty or one e-mail address",
        max_length=254,
    )
    tags = choice(
        "TagUpdatesAfterLaunch",
        "May whoever launched change a stack's tags later? Left alone: NOT_ALLOWED.",
        ("ALLOWED", "NOT_ALLOWED"),
        default="NOT_ALLOWED",
    )
    return name, email, tags

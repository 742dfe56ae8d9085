"""Portfolio: the principals that can launch, the accounts, and the tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from troposphere import (
    AWS_PARTITION,
    AWSObject,
    Equals,
    FindInMap,
    Not,
    Output,
    Parameter,
    Ref,
    Sub,
    servicecatalog,
)

from smtemplates.aws_data.consoles import CONSOLE_HOSTS
from smtemplates.core.construct import Construct, NamedCondition, output, string_parameter
from smtemplates.templates.service_catalog.lists import Entry, Kind, entry_list
from smtemplates.templates.service_catalog.tag_options import PER_KEY, tag_options

# Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AssociatePrincipalWithPortfolio.html
# The schema of AWS::ServiceCatalog::PortfolioPrincipalAssociation accepts only these partitions.
# Lists are split at commas. IAM allows commas in names, so principals with a comma cannot be listed.
PRINCIPAL = "arn:(aws|aws-cn|aws-us-gov):iam::[0-9]{12}:(role|user|group)/[A-Za-z0-9+=.@_/-]{1,200}"
PATTERN = "arn:(aws|aws-cn|aws-us-gov):iam:::(role|user|group)/[A-Za-z0-9+=.@_/*?-]{1,200}"

_MORE = "More entries of {}. An entry must not be in both lists. Leave empty for no more entries."
# A principal needs IAM permissions to use Service Catalog as well. Patterns are shared only with organizations and
# their units, and this portfolio is shared with accounts.
# Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreatePortfolioShare.html
# Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/security_iam_service-with-iam-id-based-policies-examples.html
PRINCIPALS = Kind(
    name="PrincipalArns",
    label="Principals that can launch",
    prefix="Principal",
    item=PRINCIPAL,
    length=260,
    description="ARNs of roles, users or groups of this account that can launch the product, separated by commas. Each "
    "also needs the AWS managed policy AWSServiceCatalogEndUserFullAccess, or the permissions of it that they "
    "use. To remove an ARN, keep its comma. The positions of the other ARNs must not change. Leave empty for "
    "no principals.",
    hint="must be empty or up to {} different ARNs of IAM roles, users or groups without commas in their "
    "names, separated by commas, without spaces",
    more=_MORE,
)
PATTERNS = Kind(
    name="PrincipalPatterns",
    label="Principal patterns that can launch",
    prefix="Pattern",
    item=PATTERN,
    length=260,
    description="Principals of this account that can launch the product, as ARN patterns without an account ID, "
    "separated by commas. * and ? match any characters. Patterns are not shared with other accounts. Anyone who can "
    "create a role with a matching name can launch the product. To remove a pattern, keep its comma. Leave "
    "empty for no patterns.",
    hint="must be empty or up to {} different ARNs such as arn:aws:iam:::role/team/*, separated by commas, "
    "without spaces",
    more=_MORE,
)
ACCOUNTS = Kind(
    name="ShareAccountIds",
    label="Accounts to share with",
    prefix="Share",
    item="[0-9]{12}",
    length=13,
    description="IDs of AWS accounts to share the portfolio with, separated by commas. Each account imports the "
    "portfolio, needs the launch role, and grants access to its own principals. To remove an account, keep its comma. "
    "The positions of the other accounts must not change. Leave empty to share with no account.",
    hint="must be empty or up to {} different account IDs such as 111122223333, separated by commas, without spaces",
    more=_MORE,
)


@dataclass(frozen=True, kw_only=True)
class Portfolio(Construct):
    """Represent the portfolio and the name of its provider."""

    portfolio: servicecatalog.Portfolio
    provider: Parameter


def portfolio(places: Mapping[str, int]) -> Portfolio:
    """Build a portfolio. `places` is the number of entries that each of its lists accepts.

    It is shared with accounts by their IDs. CloudFormation can share it neither with an organization nor with
    principals.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-servicecatalog-portfolioshare.html
    """
    name, provider = _names()
    principals, patterns, accounts = (entry_list(kind, places[kind.name]) for kind in (PRINCIPALS, PATTERNS, ACCOUNTS))
    tags = tag_options(1, min(places["TagOptionValues"], PER_KEY), Ref("Portfolio"))
    has_console = Not(Equals(FindInMap("Console", Ref(AWS_PARTITION), "Host"), "none"))
    link_catalog = NamedCondition("LinkCatalog", has_console)
    made = servicecatalog.Portfolio(
        "Portfolio",
        Description="Amazon SageMaker workspaces to launch",
        DisplayName=Ref(name),
        ProviderName=Ref(provider),
    )
    return Portfolio(
        title="Portfolio",
        source=__name__,
        parameters={
            "Portfolio name": name,
            "Provider name": provider,
            **principals.parameters,
            **patterns.parameters,
            **accounts.parameters,
            **tags.parameters,
        },
        conditions=[
            *principals.conditions,
            *patterns.conditions,
            *accounts.conditions,
            *tags.conditions,
            link_catalog,
        ],
        resources=[
            made,
            *(_principal(entry, "IAM") for entry in principals.entries),
            *(_principal(entry, "IAM_PATTERN") for entry in patterns.entries),
            *(_share(entry) for entry in accounts.entries),
            *tags.resources,
        ],
        mappings={"Console": {partition: {"Host": host} for partition, host in CONSOLE_HOSTS.items()}},
        outputs=_outputs(link_catalog, made),
        portfolio=made,
        provider=provider,
    )


def _outputs(link_catalog: NamedCondition, made: servicecatalog.Portfolio) -> list[Output]:
    address = "https://${AWS::Region}.${Host}/servicecatalog/home?region=${AWS::Region}"
    return [
        output("PortfolioId", "ID of the portfolio", Ref(made)),
        output(
            "CatalogUrl",
            "URL of Service Catalog in the console",
            Sub(address, Host=FindInMap("Console", Ref(AWS_PARTITION), "Host")),
            condition=link_catalog,
        ),
    ]


def _principal(entry: Entry, kind: str) -> AWSObject:
    return servicecatalog.PortfolioPrincipalAssociation(
        entry.title,
        Condition=entry.condition.name,
        PortfolioId=Ref("Portfolio"),
        PrincipalARN=entry.value,
        PrincipalType=kind,
    )


def _share(entry: Entry) -> AWSObject:
    return servicecatalog.PortfolioShare(
        entry.title,
        Condition=entry.condition.name,
        AccountId=entry.value,
        PortfolioId=Ref("Portfolio"),
        ShareTagOptions=True,
    )


def _names() -> tuple[Parameter, Parameter]:
    name = string_parameter(
        "PortfolioName",
        "Name of the portfolio. Default: Machine learning.",
        pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,99}$",
        hint="must be 1 to 100 letters, digits, spaces and . _ -, starting with a letter or digit",
        max_length=100,
        default="Machine learning",
    )
    provider = string_parameter(
        "ProviderName",
        "Name of the team that provides the portfolio and the product. Default: Platform team.",
        pattern="^[A-Za-z0-9][A-Za-z0-9 ._-]{0,49}$",
        hint="must be 1 to 50 letters, digits, spaces and . _ -, starting with a letter or digit",
        max_length=50,
        default="Platform team",
    )
    return name, provider

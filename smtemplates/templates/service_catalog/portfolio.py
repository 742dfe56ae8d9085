"""Portfolio: the principals that can launch, the accounts, and the tags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    Select,
    Sub,
    servicecatalog,
)

from smtemplates.aws_data.consoles import CONSOLE_HOSTS
from smtemplates.core.construct import EACH_ONCE, Construct, NamedCondition, list_item, output, string_parameter

MOST = 5
# Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_AssociatePrincipalWithPortfolio.html
# The schema of AWS::ServiceCatalog::PortfolioPrincipalAssociation accepts only these partitions.
# Lists are split at commas. IAM allows commas in names, so principals with a comma cannot be listed.
PRINCIPAL = "arn:(aws|aws-cn|aws-us-gov):iam::[0-9]{12}:(role|user|group)/[A-Za-z0-9+=.@_/-]{1,200}"
PATTERN = "arn:(aws|aws-cn|aws-us-gov):iam:::(role|user|group)/[A-Za-z0-9+=.@_/*?-]{1,200}"


@dataclass(frozen=True, kw_only=True)
class Portfolio(Construct):
    """Represent the portfolio and the name of its provider."""

    portfolio: servicecatalog.Portfolio
    provider: Parameter


def portfolio() -> Portfolio:
    """Build a portfolio.

    It is shared with accounts by their IDs. CloudFormation can share it neither with an organization nor with
    principals.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-servicecatalog-portfolioshare.html
    """
    name, provider = _names()
    principals, patterns = _principals()
    accounts, key, values = _accounts(), *_tag_options()
    create_principals = _conditions("CreatePrincipal", principals)
    create_patterns = _conditions("CreatePattern", patterns)
    create_shares = _conditions("CreateShare", accounts)
    create_options = _conditions("CreateTagOption", values)
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
            "Principals that can launch": principals,
            "Principal patterns that can launch": patterns,
            "Accounts to share with": accounts,
            "Tag key": key,
            "Tag values": values,
        },
        conditions=[*create_principals, *create_patterns, *create_shares, *create_options, link_catalog],
        resources=[
            made,
            *_each(create_principals, lambda place, make: _principal(make, list_item(principals, place, MOST), "IAM")),
            *_each(
                create_patterns, lambda place, make: _principal(make, list_item(patterns, place, MOST), "IAM_PATTERN")
            ),
            *_each(create_shares, lambda place, make: _share(make, list_item(accounts, place, MOST))),
            *_each(create_options, lambda place, make: _tag_option(make, Ref(key), list_item(values, place, MOST))),
            *_each(create_options, lambda _place, make: _offer(make)),
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


def _conditions(name: str, given: Parameter) -> list[NamedCondition]:
    return [
        NamedCondition(f"{name}{place}", Not(Equals(list_item(given, place, MOST), ""))) for place in range(1, MOST + 1)
    ]


def _each(conditions: Sequence[NamedCondition], make: Callable[[int, NamedCondition], AWSObject]) -> list[AWSObject]:
    return [make(place, condition) for place, condition in enumerate(conditions, start=1)]


def _named(condition: NamedCondition) -> str:
    """Return the logical ID of the resource that a condition creates."""
    return condition.name.removeprefix("Create")


def _principal(create: NamedCondition, arn: Select, kind: str) -> AWSObject:
    return servicecatalog.PortfolioPrincipalAssociation(
        _named(create), Condition=create.name, PortfolioId=Ref("Portfolio"), PrincipalARN=arn, PrincipalType=kind
    )


def _share(create: NamedCondition, account: Select) -> AWSObject:
    return servicecatalog.PortfolioShare(
        _named(create), Condition=create.name, AccountId=account, PortfolioId=Ref("Portfolio"), ShareTagOptions=True
    )


def _tag_option(create: NamedCondition, key: Ref, value: Select) -> AWSObject:
    return servicecatalog.TagOption(_named(create), Condition=create.name, Key=key, Value=value)


def _offer(create: NamedCondition) -> AWSObject:
    return servicecatalog.TagOptionAssociation(
        f"Offer{_named(create)}",
        Condition=create.name,
        ResourceId=Ref("Portfolio"),
        TagOptionId=Ref(_named(create)),
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


def _principals() -> tuple[Parameter, Parameter]:
    """Build the parameters for principals. They also need IAM permissions to use Service Catalog.

    Patterns are shared only with organizations and their units, and this portfolio is shared with accounts.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreatePortfolioShare.html
    Source: https://docs.aws.amazon.com/servicecatalog/latest/adminguide/security_iam_service-with-iam-id-based-policies-examples.html
    """
    principals = string_parameter(
        "PrincipalArns",
        "ARNs of roles, users or groups of this account that can launch the product, separated by commas. Each "
        "also needs the AWS managed policy AWSServiceCatalogEndUserFullAccess, or the permissions of it that they "
        "use. To remove an ARN, keep its comma. The positions of the other ARNs must not change. Leave empty for "
        "no principals.",
        pattern=_list_of(PRINCIPAL),
        hint="must be empty or up to five different ARNs of IAM roles, users or groups without commas in their "
        "names, separated by commas, without spaces",
        max_length=1300,
    )
    patterns = string_parameter(
        "PrincipalPatterns",
        "Principals of this account that can launch the product, as ARN patterns without an account ID, separated "
        "by commas. * and ? match any characters. Patterns are not shared with other accounts. Anyone who can "
        "create a role with a matching name can launch the product. To remove a pattern, keep its comma. Leave "
        "empty for no patterns.",
        pattern=_list_of(PATTERN),
        hint="must be empty or up to five different ARNs such as arn:aws:iam:::role/team/*, separated by commas, "
        "without spaces",
        max_length=1300,
    )
    return principals, patterns


def _accounts() -> Parameter:
    return string_parameter(
        "ShareAccountIds",
        "IDs of AWS accounts to share the portfolio with, separated by commas. Each account imports the portfolio, "
        "needs the launch role, and grants access to its own principals. To remove an account, keep its comma. The "
        "positions of the other accounts must not change. Leave empty to share with no account.",
        pattern=_list_of("[0-9]{12}"),
        hint="must be empty or up to five different account IDs such as 111122223333, separated by commas, without "
        "spaces",
        max_length=64,
    )


def _tag_options() -> tuple[Parameter, Parameter]:
    """Build the parameters for a tag. A key and value can exist only once in the TagOption library of an account.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateTagOption.html
    """
    key = string_parameter(
        "TagOptionKey",
        "Key of the tag for which users choose a value at launch. Default: CostCenter.",
        pattern="^(?!aws:|Project$|Environment$)[A-Za-z0-9 _.:/=+@-]{1,128}$",
        hint="must be 1 to 128 letters, digits, spaces and _ . : / = + @ -, and not Project or Environment, which "
        "the workspace sets",
        max_length=128,
        default="CostCenter",
    )
    values = string_parameter(
        "TagOptionValues",
        "Values that users can choose for the tag at launch, separated by commas. The account must not already "
        "have a TagOption with the same key and value. To remove a value, keep its comma. The positions of the "
        "other values must not change. Leave empty for no tag.",
        pattern=_list_of("[A-Za-z0-9 _.:/=+@-]{1,128}"),
        hint="must be empty or up to five different values of letters, digits, spaces and _ . : / = + @ -, "
        "separated by commas",
        max_length=650,
    )
    return key, values


def _list_of(item: str) -> str:
    """Return a pattern for different items: AWS rejects a second identical principal, share or TagOption.

    Source: https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateTagOption.html (DuplicateResourceException)
    """
    return f"^{EACH_ONCE}({item})?(,({item})?){{0,{MOST - 1}}}$"

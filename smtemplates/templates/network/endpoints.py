"""Endpoints: a gateway endpoint for S3, and an interface endpoint for each service of a list."""

from __future__ import annotations

from typing import Any

from troposphere import (
    AWS_ACCOUNT_ID,
    AWS_PARTITION,
    AWS_REGION,
    AWSHelperFn,
    Equals,
    FindInMap,
    If,
    Parameter,
    Ref,
    Split,
    Sub,
    ec2,
)

from smtemplates.aws_data import network_prices
from smtemplates.core.construct import (
    EACH_ONCE,
    Construct,
    NamedCondition,
    all_of,
    any_of,
    contains,
    is_not_empty,
    list_parameter,
    not_,
    placeholder,
    rule,
    string_parameter,
    when,
)
from smtemplates.core.iam import policy_document
from smtemplates.templates.network.endpoint_services import PREFIXES, SERVICES, Service
from smtemplates.templates.network.security_groups import SecurityGroups
from smtemplates.templates.network.vpc import Vpc, name_tag

NONE = "none"
DEFAULT = [service.name for service in SERVICES if service.default]
OTHERS = [service.name for service in SERVICES if not service.default]
MAX_ACCOUNTS = 10
_PREFIXES = "EndpointPrefixes"


def endpoints(vpc: Vpc, security_groups: SecurityGroups) -> Construct:
    """Build the endpoints."""
    services, accounts = _services_parameter(), _accounts_parameter()
    others_trusted = NamedCondition("HasTrustedAccounts", is_not_empty(accounts))
    trusted = when(
        others_trusted,
        Split(",", Sub(f"${{AWS::AccountId}},{placeholder(accounts)}")),
        [Ref(AWS_ACCOUNT_ID)],
    )
    conditions = {
        service.name: NamedCondition(f"Has{service.logical_id}", _wanted(service, services)) for service in SERVICES
    }
    return Construct(
        title="Endpoints",
        source=__name__,
        parameters={"Interface endpoints": services, "Other trusted accounts": accounts},
        conditions=[others_trusted, *conditions.values()],
        rules={
            "NoneIsAlone": rule(
                f"InterfaceEndpoints contains {NONE} and names of services. Remove {NONE}, or all names.",
                {"Fn::EachMemberEquals": [Ref(services), NONE]},
                given={"Fn::Contains": [Ref(services), NONE]},
            )
        },
        mappings={_PREFIXES: PREFIXES},
        resources=[
            _s3(vpc, trusted),
            *(_interface(service, conditions[service.name], vpc, security_groups, trusted) for service in SERVICES),
        ],
    )


def _services_parameter() -> Parameter:
    """Build the list of services. An empty list is the item 'none'."""
    prices = network_prices
    return list_parameter(
        "InterfaceEndpoints",
        "Services that the subnets reach without internet access, separated by commas. The default "
        "contains the services that notebook instances, Studio, jobs and MLflow need. The reference explains each "
        "service. Enter none if a NAT gateway is enough. Each endpoint costs "
        f"{prices.interface_endpoints(1, 1)} per zone and month, and USD {prices.ENDPOINT_PER_GB} per GB: the default "
        f"in two zones is {prices.interface_endpoints(len(DEFAULT), 2)} per month. {prices.VALIDITY} Removing a "
        "service deletes its endpoint. Services that the Region does not have are left out as far as this is known.",
        (NONE, *OTHERS, *DEFAULT),
        hint=f"must be {NONE} or names from this list, separated by commas: {', '.join((*DEFAULT, *OTHERS))}",
        default=DEFAULT,
    )


def _accounts_parameter() -> Parameter:
    account = "[0-9]{12}"
    return string_parameter(
        "TrustedAccountIds",
        "IDs of other accounts, separated by commas. Their users and roles can use the interface endpoints, for "
        "example in subnets that are shared with them, and objects can be written to their buckets. Otherwise endpoint "
        "policies deny both, so that data does not leave the VPC with foreign credentials or to foreign buckets. "
        "Objects can be read from the buckets of all accounts, because SageMaker needs those of AWS. Leave empty to "
        "trust only this account.",
        pattern=f"^$|^{EACH_ONCE}{account}(,{account}){{0,{MAX_ACCOUNTS - 1}}}$",
        hint=f"must be empty or up to {MAX_ACCOUNTS} different IDs of accounts such as 444455556666, separated by "
        "commas, without spaces",
        max_length=13 * MAX_ACCOUNTS,
    )


def _wanted(service: Service, services: Parameter) -> AWSHelperFn:
    """Build a test: the list names a service, and the Region is not known to lack it."""
    named = contains(services, service.name)
    if not service.lacking:
        return named
    return all_of(named, not_(any_of(*(Equals(Ref(AWS_REGION), region) for region in service.lacking))))


def _s3(vpc: Vpc, trusted: If) -> ec2.VPCEndpoint:
    """Build the gateway endpoint, which is free.

    SageMaker, Amazon ECR and the package repositories of Amazon Linux read from buckets of AWS. The list of these
    buckets is not complete in the documentation, so the policy allows all reads. It only denies writes to buckets of
    accounts that are not trusted. Not verified in a live account.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html
    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return ec2.VPCEndpoint(
        "S3Endpoint",
        VpcEndpointType="Gateway",
        ServiceName=Sub("com.amazonaws.${AWS::Region}.s3"),
        VpcId=vpc.vpc_id(),
        RouteTableIds=vpc.route_table_ids(),
        PolicyDocument=policy_document(
            _statement("AllowAll", "Allow", "s3:*"),
            _statement(
                "DenyWritesToOtherAccounts",
                "Deny",
                "s3:PutObject",
                Condition={"StringNotEquals": {"aws:ResourceAccount": trusted}},
            ),
        ),
        Tags=name_tag(" S3"),
    )


def _interface(
    service: Service, condition: NamedCondition, vpc: Vpc, security_groups: SecurityGroups, trusted: If
) -> ec2.VPCEndpoint:
    more: dict[str, Any] = {}
    if not service.sagemaker_web:
        more["PolicyDocument"] = policy_document(
            _statement(
                "AllowTrustedAccounts", "Allow", "*", Condition={"StringEquals": {"aws:PrincipalAccount": trusted}}
            )
        )
    return ec2.VPCEndpoint(
        service.logical_id,
        Condition=condition.name,
        VpcEndpointType="Interface",
        ServiceName=_service_name(service),
        VpcId=vpc.vpc_id(),
        SubnetIds=vpc.subnet_ids(),
        SecurityGroupIds=[security_groups.of_endpoints()],
        PrivateDnsEnabled=True,
        Tags=name_tag(f" {service.name}"),
        **more,
    )


def _service_name(service: Service) -> Sub:
    if service.sagemaker_web:
        return Sub(f"aws.sagemaker.${{AWS::Region}}.{service.name}")
    if not service.kind:
        return Sub(f"com.amazonaws.${{AWS::Region}}.{service.name}")
    prefix = FindInMap(_PREFIXES, Ref(AWS_PARTITION), service.kind)
    return Sub(f"${{Prefix}}.${{AWS::Region}}.{service.name}", Prefix=prefix)


def _statement(sid: str, effect: str, action: str, **more: Any) -> dict[str, Any]:
    return {"Sid": sid, "Effect": effect, "Principal": "*", "Action": action, "Resource": "*", **more}

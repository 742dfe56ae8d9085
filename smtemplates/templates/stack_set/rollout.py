"""Rollout: the concurrency of a stack set over accounts and Regions, and the failures that it tolerates."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import If, Ref, cloudformation

from smtemplates.core.construct import Construct, NamedCondition, choice_parameter, equals, number_parameter, when

_IN_ORDER, _PARALLEL = "InOrder", "Parallel"


@dataclass(frozen=True, kw_only=True)
class Rollout(Construct):
    """Contain the preferences of stack set operations. They do not apply to automatic deployments."""

    in_order: NamedCondition
    in_parallel: NamedCondition

    def preferences(self, regions: If) -> cloudformation.OperationPreferences:
        """Return the preferences for an operation in these Regions."""
        return cloudformation.OperationPreferences(
            ConcurrencyMode=Ref("ConcurrencyMode"),
            FailureTolerancePercentage=Ref("FailureTolerancePercentage"),
            MaxConcurrentPercentage=Ref("MaxConcurrentPercentage"),
            RegionConcurrencyType=when(self.in_parallel, "PARALLEL", "SEQUENTIAL"),
            RegionOrder=when(self.in_order, regions),
        )


def rollout() -> Rollout:
    """Build the rollout settings. By default, few accounts are deployed at a time, and the first failure stops it.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationPreferences.html
    """
    concurrent = number_parameter(
        "MaxConcurrentPercentage",
        "Maximum percentage of the accounts in a Region that are deployed at the same time, at least one account. "
        "With STRICT_FAILURE_TOLERANCE, at most one account more than the failure tolerance. Default: 10.",
        default=10,
        least=1,
        most=100,
    )
    tolerance = number_parameter(
        "FailureTolerancePercentage",
        "Percentage of the accounts in a Region that may fail, rounded down. If more accounts fail, the operation "
        "stops and fails. Up to this limit, CloudFormation reports success, and the status command of the deployer "
        "shows the failed accounts. Default: 0.",
        default=0,
        least=0,
        most=100,
    )
    mode = choice_parameter(
        "ConcurrencyMode",
        "STRICT_FAILURE_TOLERANCE reduces concurrency so that few accounts beyond the tolerance can fail. "
        "SOFT_FAILURE_TOLERANCE always uses MaxConcurrentPercentage. Default: STRICT_FAILURE_TOLERANCE.",
        ("STRICT_FAILURE_TOLERANCE", "SOFT_FAILURE_TOLERANCE"),
        default="STRICT_FAILURE_TOLERANCE",
    )
    regions = choice_parameter(
        "RegionRollout",
        "Sequential deploys one Region after the other. InOrder does the same in the order of Regions. Parallel "
        "deploys all Regions at the same time. Default: Sequential.",
        ("Sequential", _IN_ORDER, _PARALLEL),
        default="Sequential",
    )
    in_order = NamedCondition("RegionsInOrder", equals(regions, _IN_ORDER))
    in_parallel = NamedCondition("RegionsInParallel", equals(regions, _PARALLEL))
    return Rollout(
        title="Rollout",
        source=__name__,
        parameters={
            "Concurrent accounts (%)": concurrent,
            "Failure tolerance (%)": tolerance,
            "Concurrency mode": mode,
            "Region rollout": regions,
        },
        conditions=[in_order, in_parallel],
        in_order=in_order,
        in_parallel=in_parallel,
    )

"""Use of a workspace in a month, and three set-ups with typical values: for the page about costs and the explorer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Use:
    """A number that the costs depend on and that is not in the template: its label and its usual value."""

    label: str
    default: int


USAGE: Mapping[str, Use] = {
    "days": Use(label="Days of work in a month", default=20),
    "hours": Use(label="Hours of work in a day", default=8),
    "people": Use(label="People who work in Studio", default=1),
    "space": Use(label="GB in the space of each person", default=5),
    "stored": Use(label="GB in the buckets", default=50),
    "training": Use(label="Hours of training in a month", default=10),
}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """A usual set-up: the values of its stacks by template, and the usage that differs from the defaults of USAGE.

    `examples` are the parameters whose values only show the form of a value: every user replaces them.
    """

    name: str
    title: str
    text: str
    stacks: Mapping[str, Mapping[str, str]]
    usage: Mapping[str, int]
    examples: frozenset[str] = frozenset()


SETUPS = (
    Setup(
        name="Notebook",
        title="A notebook for one person",
        text="`CreateNotebook=true`, eight hours on each of 20 days.",
        stacks={"workspace": {"CreateNotebook": "true"}},
        usage={},
    ),
    Setup(
        name="Studio for a team",
        title="Studio for a team of five in a private network",
        text="`CreateDomain=true` in a network with `NatGateways=One`, as in the "
        "[tutorial](../tutorial/team-of-five.md). Each person works six hours on each of 20 days. The "
        "volume of a space is calculated with the price of other volumes (inferred).",
        stacks={
            "workspace": {
                "CreateDomain": "true",
                "UserProfileNames": "ana,ben,chi,dev,eva",
                "VpcId": "vpc-0123456789abcdef0",
                "SubnetIds": "subnet-0123456789abcdef0,subnet-0123456789abcdef1",
                "SecurityGroupIds": "sg-0123456789abcdef0",
            },
            "network": {"NatGateways": "One"},
        },
        usage={"people": 5, "hours": 6, "stored": 200, "training": 40},
        examples=frozenset({"UserProfileNames", "VpcId", "SubnetIds", "SecurityGroupIds"}),
    ),
    Setup(
        name="Registry and endpoint",
        title="A registry and an endpoint",
        text="`CreateModelPackageGroup=true`, `CreateKmsKey=true`, and an endpoint on one instance that runs all "
        "month.",
        stacks={
            "workspace": {
                "CreateKmsKey": "true",
                "CreateModelPackageGroup": "true",
                "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111122223333:model-package/churn/1",
                "EndpointServing": "Instances",
                "EndpointInstances": "1-1",
            }
        },
        usage={"stored": 100, "training": 20},
        examples=frozenset({"ModelPackageArn"}),
    ),
)

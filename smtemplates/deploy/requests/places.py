"""Check that the values of a request name things in the partition, Region and account of the stack."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from smtemplates.aws_data.partitions import partition_of
from smtemplates.aws_data.places import PLACES, Place

IMAGE = re.compile(r"([0-9]{12})[.]dkr[.]ecr[.]([a-z0-9-]+)[.]")
ARN = re.compile(r"arn:([^:]*):[^:]*:([^:]*):([^:]*):")
AWS_MANAGED = "aws"
WORKSPACE_OUTPUT = "SageMakerSdkConfig"
"""An output that only workspaces have."""


def problems(values: Mapping[str, str], region: str, account: Callable[[], str]) -> Iterator[str]:
    """Yield a sentence for each value of a parameter that names something in another place.

    `account` returns the account of the stack. It is called only if a value names something of another account.
    """
    for name, place in PLACES.items():
        for value in filter(None, values.get(name, "").split(",")):
            if there := _elsewhere(place, value, region, account):
                yield f"{name} is a {place.noun} {there}: {value}. Specify one that the stack can use."


def _elsewhere(place: Place, value: str, region: str, account: Callable[[], str]) -> str:
    """Return where something is, and where the stack is, or '' if both fit together."""
    partition = partition_of(region)[0]
    if image := IMAGE.match(value):
        found = partition_of(image[2])[0], image[2], image[1]
    elif arn := ARN.match(value):
        found = arn[1], arn[2], arn[3]
    else:
        return ""
    if found[0] != partition:
        return f"in partition {found[0]}, but the stack is in partition {partition}"
    if place.regional and found[1] != region:
        return f"in Region {found[1]}, but the stack is in Region {region}"
    if place.own_account and found[2] != AWS_MANAGED and found[2] != (own := account()):
        return f"of account {found[2]}, but the stack is in account {own}"
    return ""

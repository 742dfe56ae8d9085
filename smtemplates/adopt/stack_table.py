"""Write the table [stack.NAME] of the configuration file."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from smtemplates.adopt.state import Instance

DEFAULT_NAME = "workspace"
_ARN = re.compile(r"arn:aws[a-z-]*:[a-z0-9-]+:(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12}):.+")


def places(instances: Sequence[Instance]) -> tuple[str, str]:
    """Return the Region and the account of the instances; '' if their ARNs name none or several."""
    arns = [match for one in instances if (match := _ARN.fullmatch(one.text("arn")))]
    regions = Counter(match["region"] for match in arns if match["region"])
    regions.update(one.text("region") for one in instances if one.type == "aws_s3_bucket" and one.text("region"))
    accounts = {match["account"] for match in arns}
    return next(iter(regions)) if len(regions) == 1 else "", accounts.pop() if len(accounts) == 1 else ""


def stack_table(name: str, region: str, account: str, parameters: Mapping[str, str]) -> str:
    """Return the configuration file with one stack."""
    return "\n".join(_lines(name, region, account, parameters)) + "\n"


def _lines(name: str, region: str, account: str, parameters: Mapping[str, str]) -> Iterator[str]:
    yield f"[stack.{name}]"
    yield 'template = "workspace"'
    if region:
        yield f"regions = [{_text(region)}]"
    if account:
        yield f"account = {_text(account)}"
    if parameters:
        yield ""
        yield f"[stack.{name}.parameters]"
        for key, value in parameters.items():
            yield f"{key} = {_text(value)}"


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)

"""The sizes of Studio spaces, and the settings of Docker."""

from __future__ import annotations

import re
from typing import Any

import pytest
import samples
from expectations import Expectation

from smtemplates.evaluate import Stack

EXPECTATION = Expectation(resources={})
DOMAIN = {"CreateDomain": "true", **samples.VPC}


def settings_of_docker(template: dict[str, Any], parameters: dict[str, str]) -> Any:
    stack = Stack(template, {**DOMAIN, **parameters}, pseudo={"AWS::AccountId": samples.ACCOUNT})
    return stack.resources["Domain"]["Properties"]["DomainSettings"]["DockerSettings"]


def test_sizes_of_spaces_are_those_of_the_api(template: dict[str, Any]) -> None:
    """Both sizes can be any number of GB that SageMaker accepts, and no other."""
    pattern = template["Parameters"]["StudioSpaceSizeGb"]["AllowedPattern"]
    accepted = {size for size in range(20_000) if re.fullmatch(pattern, f"{size}-16384")}
    assert accepted == {size for size in range(20_000) if re.fullmatch(pattern, f"5-{size}")}
    assert accepted == set(range(5, 16_385))


@pytest.mark.parametrize("accounts", ["", "763104351884", ",".join(["763104351884"] * 19)])
def test_docker_always_trusts_the_account_of_the_stack(template: dict[str, Any], accounts: str) -> None:
    """Without its own account in the list, the images of the workspace's repository could not be used."""
    assert re.fullmatch(template["Parameters"]["StudioDockerTrustedAccountIds"]["AllowedPattern"], accounts)
    found = settings_of_docker(template, {"StudioDockerAccess": "true", "StudioDockerTrustedAccountIds": accounts})
    assert found["EnableDockerAccess"] == "ENABLED"
    assert found["VpcOnlyTrustedAccounts"] == [samples.ACCOUNT, *filter(None, accounts.split(","))]


def test_docker_is_disabled_explicitly(template: dict[str, Any]) -> None:
    """An update of a domain keeps the settings that it does not contain."""
    assert settings_of_docker(template, {}) == {"EnableDockerAccess": "DISABLED"}

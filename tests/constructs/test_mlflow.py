"""Check that MLflow can be created only in Regions that have it."""

from __future__ import annotations

from typing import Any

import pytest
import samples
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from expectations import Choice, Expectation

from constructs.execution_role import has_least_privilege
from smtemplates.evaluate import Stack


def creates_app(choice: Choice) -> bool:
    """Return whether the stack creates an MLflow app."""
    return choice.is_true("CreateMlflow")


EXPECTATION = Expectation(
    resources={
        "MlflowApp": creates_app,
        "TrackingPolicy": lambda choice: creates_app(choice) and has_least_privilege(choice),
    },
    outputs=dict.fromkeys(("MlflowAppArn", "MlflowUrlCommand"), creates_app),
)


@pytest.mark.parametrize("region", REGIONS)
def test_regions_without_mlflow_reject_it(template: dict[str, Any], region: str) -> None:
    """The Rule rejects MLflow in exactly the Regions whose provider schemas do not contain it."""
    available = "AWS::SageMaker::MlflowApp" in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)
    messages = Stack(template, samples.FEATURES["mlflow"], pseudo={"AWS::Region": region}).rules()
    assert any("not available in this Region" in message for message in messages) is not available
    assert Stack(template, pseudo={"AWS::Region": region}).rules() == []

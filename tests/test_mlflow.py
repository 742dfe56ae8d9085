"""MLflow: only where AWS has it."""

from __future__ import annotations

from typing import Any

import pytest
import samples
from cfnlint.helpers import REGIONS
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from smtemplates.evaluate import Stack


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_without_mlflow_refuses_it_in_words(template: dict[str, Any], region: str) -> None:
    """The Rule refuses MLflow exactly where a Region's provider schemas lack it, and says so."""
    there = "AWS::SageMaker::MlflowApp" in PROVIDER_SCHEMA_MANAGER.get_resource_types(region)
    said = Stack(template, samples.FEATURES["mlflow"], pseudo={"AWS::Region": region}).rules()
    assert any("has no MLflow apps" in sentence for sentence in said) is not there
    assert Stack(template, pseudo={"AWS::Region": region}).rules() == []

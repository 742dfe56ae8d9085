"""Names that the template gives are legal and within their limits, whatever the stack is called."""

from __future__ import annotations

import re
from typing import Any

import samples
from hypothesis import given
from hypothesis import strategies as st

from smtemplates.evaluate import Stack

NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
# Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/ (each property's pattern and length)
LIMITS = {
    ("Domain", "DomainName"): NAME,
    ("MlflowApp", "Name"): NAME,
    ("ModelPackageGroup", "ModelPackageGroupName"): NAME,
    ("UserProfile1", "UserProfileName"): NAME,
    ("StudioLabLifecycle", "StudioLifecycleConfigName"): NAME,
    ("StudioCodeEditorLifecycle", "StudioLifecycleConfigName"): NAME,
    ("StudioSettings", "Name"): re.compile(r"/smtemplates/[a-zA-Z0-9_.-]+/studio"),
}
STACK_NAMES = st.from_regex(r"[a-zA-Z][a-zA-Z0-9-]{0,127}", fullmatch=True) | st.sampled_from(
    ["a", "SC-123456789012-pp-abcdefghijklm", f"StackSet-{'SC-123456789012-pp-abcdefghijklm'}-{'0' * 36}", "A" * 128]
)
UUIDS = st.uuids(version=1).map(str)


@given(
    name=STACK_NAMES,
    uuid=UUIDS,
    project=st.from_regex("[a-z][a-z0-9-]{1,22}[a-z0-9]", fullmatch=True),
    environment=st.sampled_from(["dev", "stg", "prd"]),
)
def test_names_are_legal_for_every_stack_name(
    template: dict[str, Any], name: str, uuid: str, project: str, environment: str
) -> None:
    """No stack, project or environment name makes a name that AWS refuses."""
    made = _named(template, name, uuid, project, environment)
    for place, pattern in LIMITS.items():
        assert pattern.fullmatch(made[place]), (place, made[place])


@given(uuid=UUIDS, other=UUIDS)
def test_two_stacks_never_share_a_name(template: dict[str, Any], uuid: str, other: str) -> None:
    """Two stacks of the same project and environment in one account do not collide."""
    if uuid[:8] != other[:8]:
        first, second = (_named(template, "demo", each, "churn", "dev") for each in (uuid, other))
        for place in LIMITS.keys() - {("UserProfile1", "UserProfileName")}:
            assert first[place] != second[place]


def test_every_name_that_the_template_gives_is_checked_here(template: dict[str, Any]) -> None:
    """Whatever else the template comes to name must be added above; all other names are CloudFormation's."""
    everything = samples.deployed(template, samples.EVERYTHING)
    named = {
        (logical_id, attribute)
        for logical_id, resource in everything.resources.items()
        for attribute in resource.get("Properties", {})
        # a policy inside a role has its name there only
        if attribute.endswith("Name") and attribute not in {"LifecycleConfigName", "PolicyName"}
    }
    assert named - {(f"UserProfile{place}", "UserProfileName") for place in range(2, 6)} == set(LIMITS)


def test_the_start_script_fits_whatever_the_parameters_hold(template: dict[str, Any]) -> None:
    """With every text as long as its parameter allows, the script stays within what SageMaker takes.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_NotebookInstanceLifecycleHook.html
    """
    lifecycle = samples.deployed(template, samples.LONGEST).resources["NotebookLifecycle"]["Properties"]
    assert len(lifecycle["OnStart"][0]["Content"]) <= 16_384


def _named(
    template: dict[str, Any], name: str, uuid: str, project: str, environment: str
) -> dict[tuple[str, str], str]:
    stack = Stack(
        template,
        {**samples.EVERYTHING, "ProjectName": project, "Environment": environment},
        pseudo={
            "AWS::StackName": name,
            "AWS::StackId": f"arn:aws:cloudformation:us-east-1:{samples.ACCOUNT}:stack/{name}/{uuid}",
        },
    )
    return {
        (logical_id, attribute): stack.resources[logical_id]["Properties"][attribute]
        for logical_id, attribute in LIMITS
    }

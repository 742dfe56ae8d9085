"""Studio lifecycle: configures JupyterLab and Code Editor when they start.

A lifecycle configuration cannot be updated, and CloudFormation creates a replacement before it deletes the old one. So
its name must change whenever its content changes. CloudFormation cannot hash parameter values, so these are stored in a
Systems Manager parameter, which the script reads at every start. The script itself changes only with this package. An
old configuration can remain after an update, which is harmless: AWS keeps the configuration of a running app (inferred
from Studio Classic).

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-lcc-delete.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zlib import crc32

from troposphere import AWS_REGION, Base64, FindInMap, GetAtt, Join, Ref, sagemaker, ssm

from smtemplates.core.assets import read_asset
from smtemplates.core.construct import Construct, NamedCondition
from smtemplates.core.iam import Grant, actions, allow, regional_arns
from smtemplates.templates.workspace.packages import Packages
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.sdk_config import SdkConfig

START = "studio_start.sh"
TITLE = "# packages, repository and the SageMaker SDK's defaults: Studio's apps read them when they start"


@dataclass(frozen=True, kw_only=True)
class StudioLifecycle(Construct):
    """Contain the lifecycle configurations of both types of app."""

    lab: GetAtt
    code_editor: GetAtt
    settings: ssm.Parameter

    def read(self) -> Grant:
        """Allow the execution role to read the settings."""
        name = Ref(self.settings)
        return allow(
            "ReadStudioSettings", actions("ssm", "GetParameter"), regional_arns("ssm", "parameter${Name}", Name=name)
        )


def studio_lifecycle(
    project: Project, sdk_config: SdkConfig, packages: Packages, create_domain: NamedCondition
) -> StudioLifecycle:
    """Build the configuration of Studio apps, which corresponds to that of the notebook.

    The script must finish within five minutes, and needs access to Systems Manager through NAT or a VPC endpoint for
    ssm.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-lifecycle-configurations.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-lifecycle-configurations-debug-timeout.html
    Source: https://github.com/aws/sagemaker-distribution (build_artifacts/v4/*/*/Dockerfile: sudo, aws)
    """
    start = read_asset(__package__, START)
    # as long as the name allows; hashlib would add 3 MiB to every render
    digest = f"{crc32((packages.script + start).encode()):08x}"
    settings = _settings(project, sdk_config, packages, create_domain)
    lab = _lifecycle("StudioLabLifecycle", "JupyterLab", project, packages, digest, create_domain)
    code_editor = _lifecycle("StudioCodeEditorLifecycle", "CodeEditor", project, packages, digest, create_domain)
    return StudioLifecycle(
        title="Studio",
        source=__name__,
        mappings={"StudioScripts": {"Start": {"Text": start}}},
        resources=[settings, lab, code_editor],
        lab=GetAtt(lab, "StudioLifecycleConfigArn"),
        code_editor=GetAtt(code_editor, "StudioLifecycleConfigArn"),
        settings=settings,
    )


def _settings_name(project: Project) -> Join:
    """Return the name of the settings. Unlike a project name, it must not start with aws or ssm.

    Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    return Join("", ["/smtemplates/", project.unique_name(), "/studio"])


def _settings(
    project: Project, sdk_config: SdkConfig, packages: Packages, create_domain: NamedCondition
) -> ssm.Parameter:
    """Build the parameter with the settings. A standard parameter is free and holds 4,096 characters.

    Source: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html
    """
    tags: Any = project.tags().tags
    lines = [TITLE, Ref(packages.requirements), Ref(packages.repository), sdk_config.text_in_vpc()]
    return ssm.Parameter(
        "StudioSettings",
        Condition=create_domain.name,
        Description="Settings of the Studio apps",
        Name=_settings_name(project),
        Tags={tag["Key"]: tag["Value"] for tag in tags},
        Type="String",
        Value=Join("\n", lines),
    )


def _lifecycle(
    name: str, app: str, project: Project, packages: Packages, digest: str, create_domain: NamedCondition
) -> sagemaker.StudioLifecycleConfig:
    """Build the configuration for one type of app. Its name contains a hash of the script and the tags.

    The name cannot contain the tags of the stack. It is inferred that a change of those fails under the same name.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sagemaker-studiolifecycleconfig.html
    """
    first = ["#!/bin/bash\nSETTINGS=", _settings_name(project), "\nREGION=", Ref(AWS_REGION), "\n"]
    return sagemaker.StudioLifecycleConfig(
        name,
        Condition=create_domain.name,
        StudioLifecycleConfigAppType=app,
        StudioLifecycleConfigContent=Base64(
            Join("", [*first, packages.setup, FindInMap("StudioScripts", "Start", "Text")])
        ),
        StudioLifecycleConfigName=Join("-", [project.unique_name(), app.lower(), digest]),
        Tags=project.tags(),
    )

"""Studio's setup: what JupyterLab and Code Editor do when they start.

A lifecycle configuration cannot change, and CloudFormation makes a new one before it deletes the old one: its name must
be new whenever its content is. CloudFormation cannot hash what parameters hold, so that stands in a Systems Manager
parameter, which the script reads on every start; the script itself changes only with this package. The old one may
outlive that update, which does no harm: AWS keeps what a running app uses (inferred from Studio Classic).
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
    """Hold the lifecycle configurations of both kinds of app."""

    lab: GetAtt
    code_editor: GetAtt
    settings: ssm.Parameter

    def read(self) -> Grant:
        """Let the execution role read the settings."""
        name = Ref(self.settings)
        return allow(
            "ReadStudioSettings", actions("ssm", "GetParameter"), regional_arns("ssm", "parameter${Name}", Name=name)
        )


def studio_lifecycle(
    project: Project, sdk_config: SdkConfig, packages: Packages, create_domain: NamedCondition
) -> StudioLifecycle:
    """Set Studio's apps up like the notebook, where there is a domain.

    The script has five minutes, and needs a way to Systems Manager: NAT, or a VPC endpoint for ssm.
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-lifecycle-configurations.html
    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-lifecycle-configurations-debug-timeout.html
    Source: https://github.com/aws/sagemaker-distribution (build_artifacts/v4/*/*/Dockerfile: sudo, aws)
    """
    start = read_asset(__package__, START)
    # as long as a name has room for; hashlib would cost every render 3 MiB
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
    """Name the settings; a project's name may begin with aws or ssm, but this must not.

    Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    return Join("", ["/smtemplates/", project.unique_name(), "/studio"])


def _settings(
    project: Project, sdk_config: SdkConfig, packages: Packages, create_domain: NamedCondition
) -> ssm.Parameter:
    """Keep what parameters decide; a standard parameter costs nothing and holds 4,096 characters.

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
    """Run the scripts when an app starts; all that their content and our tags hold stands in its name too.

    The stack's own tags, which it gets as well, cannot: that their change fails under the same name is inferred.

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

"""Studio images: custom images for JupyterLab and Code Editor.

An image of SageMaker has versions, each of which refers to one container image in Amazon ECR. An app can use the image
if the domain names it together with a configuration for that type of app.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/studio-updated-byoi.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import (
    AWSObject,
    Delete,
    GetAtt,
    If,
    Parameter,
    Ref,
    Retain,
    Sub,
    sagemaker,
)

from smtemplates.core.construct import (
    Construct,
    NamedCondition,
    all_of,
    is_not_empty,
    string_parameter,
)
from smtemplates.core.iam import Grant, actions, allow, regional_arns
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.studio_settings import StudioSettings

# Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateImageVersion.html (BaseImage)
MOST_CHARACTERS = 255
IMAGE_URI = "[0-9]{12}[.]dkr[.]ecr[.][a-z0-9.-]+/[a-z0-9._/-]+(:[A-Za-z0-9._-]+|@sha256:[0-9a-f]{64})"


@dataclass(frozen=True, kw_only=True)
class StudioImage:
    """Represent the custom image of one type of app, whose resources have names that start with `prefix`."""

    prefix: str
    uri: Parameter
    create: NamedCondition
    name: Sub

    def custom_images(self) -> If:
        """Build the list of custom images of the app. Without an image it is empty, which also removes an earlier one.

        Source: https://docs.aws.amazon.com/sagemaker/latest/dg/jl-lcc-delete.html (lists of other settings)
        """
        image = sagemaker.CustomImage(
            AppImageConfigName=Ref(f"{self.prefix}ImageConfig"),
            ImageName=self.name,
            ImageVersionNumber=GetAtt(f"{self.prefix}ImageVersion", "Version"),
        )
        return If(self.create.name, [image], [])

    def read(self) -> Grant:
        """Allow the execution role to read the image. It is inferred that apps with a custom image need it.

        Source: the handlers of the provider schema of AWS::SageMaker::Domain
        """
        return allow(
            f"See{self.prefix}Image",
            actions("sagemaker", "DescribeImage", "DescribeImageVersion"),
            regional_arns("sagemaker", "image/${Image}", "image-version/${Image}/*", Image=self.name),
        )

    def resources(self, project: Project, role: ExecutionRole, config: dict[str, Any]) -> list[AWSObject]:
        """Build the image, its version and its configuration.

        A new URI creates a new version. Older versions remain until the image is deleted, because a space that uses one
        could not start without it. The version waits for the policies of the role, which reads the container image.

        Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteImage.html
        """
        image = sagemaker.Image(
            f"{self.prefix}Image",
            Condition=self.create.name,
            ImageName=self.name,
            ImageRoleArn=role.once_attached(role.execution_arn()),
            Tags=project.tags(),
        )
        version = sagemaker.ImageVersion(
            f"{self.prefix}ImageVersion",
            Condition=self.create.name,
            DependsOn=image.title,
            DeletionPolicy=Delete,
            UpdateReplacePolicy=Retain,
            BaseImage=Ref(self.uri),
            ImageName=self.name,
        )
        app = sagemaker.AppImageConfig(
            f"{self.prefix}ImageConfig",
            Condition=self.create.name,
            AppImageConfigName=self.name,
            Tags=project.tags(),
            **config,
        )
        return [image, version, app]


@dataclass(frozen=True, kw_only=True)
class StudioImages(Construct):
    """Contain the custom images of both types of app."""

    lab: StudioImage
    code_editor: StudioImage

    @property
    def images(self) -> Sequence[StudioImage]:
        """Return the custom images."""
        return (self.lab, self.code_editor)


def studio_images(project: Project, execution_role: ExecutionRole, studio_settings: StudioSettings) -> StudioImages:
    """Build optional custom images."""
    lab = _image(project, studio_settings, "StudioLab", "JupyterLab", "entrypoint-jupyter-server")
    code_editor = _image(project, studio_settings, "StudioCodeEditor", "CodeEditor", "entrypoint-code-editor")
    return StudioImages(
        title="Studio",
        source=__name__,
        parameters={
            "Custom image for JupyterLab": lab.uri,
            "Custom image for Code Editor": code_editor.uri,
        },
        conditions=[lab.create, code_editor.create],
        rules={
            name: each
            for image in (lab, code_editor)
            for name, each in region_rule(image.uri, "Custom images of Studio", sagemaker.AppImageConfig).items()
        },
        resources=[
            *lab.resources(project, execution_role, {"JupyterLabAppImageConfig": sagemaker.JupyterLabAppImageConfig()}),
            *code_editor.resources(
                project, execution_role, {"CodeEditorAppImageConfig": sagemaker.CodeEditorAppImageConfig()}
            ),
        ],
        lab=lab,
        code_editor=code_editor,
    )


def _image(project: Project, settings: StudioSettings, prefix: str, app: str, entrypoint: str) -> StudioImage:
    label = "Code Editor" if app == "CodeEditor" else app
    uri = string_parameter(
        f"Studio{app}ImageUri",
        f"URI of a container image in Amazon ECR that users can choose for {label}, with a tag or digest. The image "
        f"must be in this Region and start {label}, for example with the entry point {entrypoint} of SageMaker "
        "Distribution. Changing this adds a version; a space that uses an older version keeps it. Clearing this "
        "deletes the image from Studio; a space that uses it needs another image. Leave empty to offer only the "
        "images of SageMaker AI.",
        pattern=f"^$|^{IMAGE_URI}$",
        hint="must be empty or the URI of an image in ECR with a tag or digest",
        max_length=MOST_CHARACTERS,
    )
    create = NamedCondition(f"Create{prefix}Image", all_of(settings.create, is_not_empty(uri)))
    return StudioImage(prefix=prefix, uri=uri, create=create, name=project.stack_name(f"studio-{app.lower()}"))

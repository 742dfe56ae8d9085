"""The SageMaker types of the local cloud, as tables."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One SageMaker type: the noun in its ARN, the value of Ref, and the properties whose change replaces it."""

    name: str
    noun: str
    ref: str
    create_only: tuple[str, ...]
    attributes: tuple[str, ...] = field(default=())


# Ref and the create-only properties follow the provider schemas (primaryIdentifier, createOnlyProperties).
KINDS = {
    "NotebookInstance": Kind(
        name="NotebookInstanceName",
        noun="notebook-instance",
        ref="NotebookInstanceArn",
        create_only=(
            "DirectInternetAccess",
            "KmsKeyId",
            "NotebookInstanceName",
            "PlatformIdentifier",
            "SecurityGroupIds",
            "SubnetId",
        ),
    ),
    "NotebookInstanceLifecycleConfig": Kind(
        name="NotebookInstanceLifecycleConfigName",
        noun="notebook-instance-lifecycle-config",
        ref="NotebookInstanceLifecycleConfigArn",
        create_only=("NotebookInstanceLifecycleConfigName",),
    ),
    "Domain": Kind(
        name="DomainId",
        noun="domain",
        ref="DomainId",
        create_only=("AuthMode", "DomainName", "KmsKeyId", "VpcId"),
        attributes=("HomeEfsFileSystemId", "SecurityGroupIdForDomainBoundary", "SingleSignOnApplicationArn"),
    ),
    "UserProfile": Kind(
        name="UserProfileName",
        noun="user-profile",
        ref="UserProfileName",
        create_only=("DomainId", "UserProfileName", "SingleSignOnUserIdentifier", "SingleSignOnUserValue"),
    ),
    "Space": Kind(name="SpaceName", noun="space", ref="SpaceName", create_only=("DomainId", "SpaceName")),
    "App": Kind(name="AppName", noun="app", ref="AppName", create_only=("AppName", "AppType", "DomainId")),
    "ModelPackageGroup": Kind(
        name="ModelPackageGroupName",
        noun="model-package-group",
        ref="ModelPackageGroupArn",
        create_only=("ModelPackageGroupName", "ModelPackageGroupDescription"),
        attributes=("CreationTime", "ModelPackageGroupStatus"),
    ),
    "ModelPackage": Kind(name="ModelPackageName", noun="model-package", ref="ModelPackageArn", create_only=()),
    "StudioLifecycleConfig": Kind(
        name="StudioLifecycleConfigName",
        noun="studio-lifecycle-config",
        ref="StudioLifecycleConfigName",
        create_only=(
            "StudioLifecycleConfigAppType",
            "StudioLifecycleConfigContent",
            "StudioLifecycleConfigName",
            "Tags",
        ),
    ),
    "Image": Kind(name="ImageName", noun="image", ref="ImageArn", create_only=("ImageName",)),
    "ImageVersion": Kind(
        name="Version",
        noun="image-version",
        ref="ImageVersionArn",
        create_only=("BaseImage", "ImageName"),
    ),
    "AppImageConfig": Kind(
        name="AppImageConfigName",
        noun="app-image-config",
        ref="AppImageConfigName",
        create_only=("AppImageConfigName",),
    ),
    "Model": Kind(
        name="ModelName",
        noun="model",
        ref="ModelArn",
        create_only=("ExecutionRoleArn", "ModelName", "PrimaryContainer", "VpcConfig"),
    ),
    "EndpointConfig": Kind(
        name="EndpointConfigName",
        noun="endpoint-config",
        ref="EndpointConfigArn",
        create_only=("DataCaptureConfig", "EndpointConfigName", "KmsKeyId", "ProductionVariants"),
    ),
    "Endpoint": Kind(name="EndpointName", noun="endpoint", ref="EndpointArn", create_only=("EndpointName",)),
    "MlflowApp": Kind(name="Name", noun="mlflow-app", ref="Arn", create_only=("Name", "RoleArn")),
}

OWNER = "OwnershipSettingsSummary.OwnerUserProfileName"

# Types whose resources prevent the deletion of another resource, and the property that refers to it.
BLOCKERS = {
    "Domain": (("App", "DomainId"), ("Space", "DomainId"), ("UserProfile", "DomainId")),
    "UserProfile": (("App", "UserProfileName"), ("Space", OWNER)),
    "Space": (("App", "SpaceName"),),
    "ModelPackageGroup": (("ModelPackage", "ModelPackageGroupName"),),
}
# The types in a domain. Their deletion through the API takes time: the next look at them still shows them.
IN_DOMAIN = ("UserProfile", "Space", "App")
# The statuses in which an app prevents no deletion.
ENDED = ("Failed", "Deleted")

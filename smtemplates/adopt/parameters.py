"""The table of names: attributes of the state and variables, with the parameters of the workspace template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from smtemplates.adopt.roles import Roles, is_aws, is_sagemaker_alarm, key_names
from smtemplates.adopt.state import Instance, text_of
from smtemplates.evaluate import check_parameters
from smtemplates.synth.renderer import ordered
from smtemplates.templates import registry

_IDLE = ("app_lifecycle_management", 0, "idle_settings", 0, "idle_timeout_in_minutes")
_USER = ("default_user_settings", 0)
_MICROSECONDS = 1000

# The parameter, the role of the resource, and the path of its attribute.
ATTRIBUTES: Sequence[tuple[str, str, tuple[str | int, ...]]] = (
    ("ExistingInputBucketName", "input", ("bucket",)),
    ("ExistingOutputBucketName", "output", ("bucket",)),
    ("ExistingModelBucketName", "model", ("bucket",)),
    ("ExistingRoleArn", "role", ("arn",)),
    ("KmsKeyArn", "key", ("arn",)),
    ("AlarmTopicArn", "topic", ("arn",)),
    ("ExistingModelPackageGroupName", "group", ("model_package_group_name",)),
    ("NotebookInstanceType", "notebook", ("instance_type",)),
    ("NotebookVolumeSizeGb", "notebook", ("volume_size",)),
    ("NotebookDirectInternetAccess", "notebook", ("direct_internet_access",)),
    ("NotebookRootAccess", "notebook", ("root_access",)),
    ("NotebookGitRepository", "notebook", ("default_code_repository",)),
    ("NotebookSubnetId", "notebook", ("subnet_id",)),
    ("VpcId", "domain", ("vpc_id",)),
    ("DomainAuthMode", "domain", ("auth_mode",)),
    ("StudioIdleMinutes", "domain", (*_USER, "jupyter_lab_app_settings", 0, *_IDLE)),
)

# The parameter, and the names that its variable has in configurations.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "ProjectName": ("project_name", "project"),
    "Environment": ("environment", "env", "stage"),
    "CreateNotebook": ("create_notebook", "enable_notebook"),
    "CreateDomain": ("create_domain", "enable_domain", "create_studio", "enable_studio"),
    "ObjectExpirationDays": ("object_expiration_days", "expiration_days"),
    "NoncurrentVersionExpirationDays": ("noncurrent_version_expiration_days", "noncurrent_expiration_days"),
    "NotebookInstanceType": ("notebook_instance_type",),
    "NotebookVolumeSizeGb": ("notebook_volume_size", "notebook_volume_size_gb", "notebook_volume_size_in_gb"),
    "NotebookIdleMinutes": ("notebook_idle_minutes", "notebook_idle_timeout_minutes"),
    "StudioIdleMinutes": ("studio_idle_minutes", "studio_idle_timeout_minutes"),
    "LogRetentionDays": ("log_retention_days", "log_retention_in_days", "log_retention"),
    "AlarmEmail": ("alarm_email", "notification_email"),
    "EndpointErrorThreshold": ("endpoint_error_threshold",),
    "EndpointLatencyThresholdMs": ("endpoint_latency_threshold_ms",),
    "MonthlyBudgetUsd": ("monthly_budget_usd",),
    "TrainingInstanceType": ("training_instance_type",),
    "TrainingInstanceCount": ("training_instance_count",),
    "TrainingVolumeSizeGb": ("training_volume_size", "training_volume_size_gb", "training_volume_size_in_gb"),
    "TrainingMaxRuntimeSeconds": ("training_max_runtime", "training_max_runtime_seconds"),
    "ProcessingInstanceType": ("processing_instance_type",),
    "ProcessingInstanceCount": ("processing_instance_count",),
    "ProcessingVolumeSizeGb": ("processing_volume_size", "processing_volume_size_gb", "processing_volume_size_in_gb"),
}
# Words for the environments that the template has.
_ENVIRONMENTS = {
    "development": "dev", "test": "dev", "testing": "dev", "staging": "stg", "stage": "stg", "production": "prd",
    "prod": "prd",
}  # fmt: skip


@dataclass
class Settings:
    """The values for the stack: by parameter, with the origin of each, and sentences about what was not used."""

    values: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@cache
def workspace() -> dict[str, Any]:
    """Return the workspace template."""
    return ordered(registry.definition("workspace", (), {}).template())


class _Collector:
    """Collect values, each of which conforms to the declaration of its parameter."""

    def __init__(self) -> None:
        self.content = workspace()
        self.settings = Settings()

    def default(self, parameter: str) -> str:
        return text_of(self.content["Parameters"][parameter].get("Default", ""))

    def take(self, parameter: str, value: str, origin: str) -> None:
        """Use a value unless it is the default. The first origin of a parameter wins."""
        settings = self.settings
        if not value:
            return
        if parameter in settings.origins:
            if settings.values.get(parameter, self.default(parameter)) != value:
                settings.notes.append(
                    f"{origin} has another value for {parameter} than {settings.origins[parameter]}, and was not used."
                )
            return
        declared = {"Parameters": {parameter: self.content["Parameters"][parameter]}, "Resources": {}}
        if list(check_parameters(declared, {parameter: value})):
            reason = self.content["Parameters"][parameter].get("ConstraintDescription", "must be an allowed value")
            settings.notes.append(f"{origin} was not used for {parameter}, which {reason}.")
            return
        settings.origins[parameter] = origin
        if value != self.default(parameter):
            settings.values[parameter] = value

    def check_rules(self) -> None:
        """Add a note for each Rule of the template that the values do not meet."""
        for sentence in check_parameters(self.content, dict(self.settings.values)):
            self.settings.notes.append(f"Before you deploy: {sentence}")


def collect(instances: Sequence[Instance], roles: Roles, variables: Mapping[str, Any]) -> Settings:
    """Return the values for the stack from the chosen resources, then from the variables."""
    collector = _Collector()
    available = [one for one in instances if is_aws(one) and not one.deposed]
    for role, switch in (("notebook", "CreateNotebook"), ("domain", "CreateDomain")):
        if role in roles:
            collector.take(switch, "true", roles[role].address)
    _network(collector, available, roles)
    for parameter, role, path in ATTRIBUTES:
        if role in roles and not (parameter == "NotebookSubnetId" and "VpcId" not in collector.settings.values):
            collector.take(parameter, roles[role].text(*path), f"{roles[role].address} ({path[-1]})")
    if "key" not in roles:
        for arn in dict.fromkeys(filter(None, key_names(available, roles))):
            collector.take("KmsKeyArn", arn, "the encryption of a resource")
    for parameter, value, origin in (*_profiles(available, roles), *_logs(available), *_alarms(available)):
        collector.take(parameter, value, origin)
    _use_variables(collector, variables)
    collector.check_rules()
    return collector.settings


def _network(collector: _Collector, available: Sequence[Instance], roles: Roles) -> None:
    """Use the network of the domain, otherwise that of the notebook instance."""
    if domain := roles.get("domain"):
        collector.take("VpcId", domain.text("vpc_id"), f"{domain.address} (vpc_id)")
        collector.take("SubnetIds", ",".join(domain.texts("subnet_ids")), f"{domain.address} (subnet_ids)")
        groups = ",".join(domain.texts(*_USER, "security_groups"))
        collector.take("SecurityGroupIds", groups, f"{domain.address} (security_groups)")
    elif (notebook := roles.get("notebook")) and (subnet := notebook.text("subnet_id")):
        known = (one for one in available if one.type == "aws_subnet" and one.text("id") == subnet)
        if vpc := next((one.text("vpc_id") for one in known), ""):
            collector.take("VpcId", vpc, f"{notebook.address} (subnet_id)")
            collector.take("SubnetIds", subnet, f"{notebook.address} (subnet_id)")
            groups = ",".join(notebook.texts("security_groups"))
            collector.take("SecurityGroupIds", groups, f"{notebook.address} (security_groups)")
        else:
            collector.settings.notes.append(
                f"{notebook.address} is in {subnet}, whose VPC is not in the state. Add VpcId and SubnetIds."
            )


def _profiles(available: Sequence[Instance], roles: Roles) -> Iterator[tuple[str, str, str]]:
    domain = roles.get("domain")
    if domain is None or domain.text("auth_mode") == "SSO":
        return
    profiles = [
        one
        for one in available
        if one.type == "aws_sagemaker_user_profile" and one.text("domain_id") == domain.text("id")
    ]
    names = ",".join(one.text("user_profile_name") for one in profiles)
    yield "UserProfileNames", names, " and ".join(one.address for one in profiles)


def _logs(available: Sequence[Instance]) -> Iterator[tuple[str, str, str]]:
    for one in available:
        if one.type == "aws_cloudwatch_log_group" and one.text("name").startswith("/aws/sagemaker/"):
            days = one.text("retention_in_days")
            yield "LogRetentionDays", "" if days == "0" else days, f"{one.address} (retention_in_days)"


def _alarms(available: Sequence[Instance]) -> Iterator[tuple[str, str, str]]:
    for one in available:
        if not is_sagemaker_alarm(one):
            continue
        threshold = one.value("threshold")
        if isinstance(threshold, bool) or not isinstance(threshold, int | float):
            continue
        if one.text("metric_name") == "Invocation5XXErrors":
            yield "EndpointErrorThreshold", text_of(threshold), f"{one.address} (threshold)"
        elif one.text("metric_name") == "ModelLatency":
            yield "EndpointLatencyThresholdMs", text_of(threshold / _MICROSECONDS), f"{one.address} (threshold)"


def _use_variables(collector: _Collector, variables: Mapping[str, Any]) -> None:
    """Use the variables that the table contains, and name the others without their values."""
    parameters = {name: parameter for parameter, names in VARIABLES.items() for name in names}
    unused = []
    for name, value in variables.items():
        parameter = parameters.get(name.lower())
        text = text_of(value)
        if parameter is None or not text:
            unused.append(name if re.fullmatch(r"[\w-]+", name) else "a variable with an unusual name")
            continue
        if parameter == "Environment":
            text = _ENVIRONMENTS.get(text.lower(), text)
        if parameter == "AlarmEmail" and "AlarmTopicArn" in collector.settings.values:
            collector.settings.notes.append(f"Variable {name} was not used, because the stack uses an existing topic.")
            continue
        collector.take(parameter, text, f"variable {name}")
    if unused:
        collector.settings.notes.append(f"Variables without a counterpart: {', '.join(sorted(set(unused)))}.")

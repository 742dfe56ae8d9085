"""Studio domains without apps: their deletion, and settings that an update omits."""

from __future__ import annotations

from typing import Any

from smtemplates.aws_data.usage_prices import REQUESTS
from smtemplates.prove import studio
from smtemplates.prove.experiment import Charge, Experiment, LateError, RefutedError
from smtemplates.prove.kinds import STACK
from smtemplates.prove.trial import Trial

A_NETWORK = "a stack with a VPC and a private subnet"
A_DOMAIN = "a second stack with a Studio domain and a user profile in this VPC, the execution role and three buckets"
LEFTOVER_MINUTES = 10


def in_vpc(trial: Trial, vpc: str) -> list[str]:
    """Return the IDs of the network interfaces and security groups in a VPC, without its default group."""
    only = {"Filters": [{"Name": "vpc-id", "Values": [vpc]}]}
    interfaces = trial.cloud.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", **only)
    groups = trial.cloud.pages("ec2", "describe_security_groups", "SecurityGroups", **only)
    found = [one["NetworkInterfaceId"] for one in interfaces]
    return sorted(found + [one["GroupId"] for one in groups if one["GroupName"] != "default"])


def run_home(trial: Trial) -> str:
    """Delete a domain without a home file system, and list the remaining resources in its VPC."""
    network = trial.deploy(studio.network(internet=False))
    domain = studio.domain(trial, network)["DomainId"]
    described = trial.call("sagemaker", "describe_domain", DomainId=domain)
    trial.check(described.get("HomeEfsFileSystemId"), None, "The home file system of the domain")
    trial.only_in_aws("its domains have no network interfaces.")
    trial.note(f"Before the deletion, the VPC contains: {', '.join(in_vpc(trial, network['Vpc'])) or 'nothing'}.")
    STACK.delete(trial.cloud, f"{trial.stack}{studio.SUFFIX}")

    def question() -> bool | None:
        return None if in_vpc(trial, network["Vpc"]) else True

    try:
        trial.until("the VPC is empty", question, minutes=LEFTOVER_MINUTES, every=60)
    except LateError as error:
        left = ", ".join(in_vpc(trial, network["Vpc"]))
        raise RefutedError(f"{LEFTOVER_MINUTES} minutes after its deletion, the domain has left: {left}.") from error
    return "The domain had no home file system, and its deletion left nothing in the VPC."


def docker(trial: Trial, domain: str) -> str | None:
    """Return whether the apps of a domain have access to Docker: ENABLED, DISABLED, or None if AWS reports nothing."""
    found = trial.call("sagemaker", "describe_domain", DomainId=domain)
    access: str | None = found.get("DomainSettings", {}).get("DockerSettings", {}).get("EnableDockerAccess")
    return access


def without_settings(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template whose domain has no settings, among them those of Docker."""
    domain = template["Resources"]["Domain"]
    kept = {key: value for key, value in domain["Properties"].items() if key != "DomainSettings"}
    return {**template, "Resources": {**template["Resources"], "Domain": {**domain, "Properties": kept}}}


def run_settings(trial: Trial) -> str:
    """Allow Docker in a domain, omit the setting, and then disable Docker."""
    network = trial.deploy(studio.network(internet=False))
    allowed = {"StudioDockerAccess": "true"}
    domain = studio.domain(trial, network, fix=allowed)["DomainId"]
    trial.check(docker(trial, domain), "ENABLED", "Access to Docker after the creation")
    studio.domain(trial, network, fix=allowed, change=without_settings)
    trial.check(docker(trial, domain), "ENABLED", "Access to Docker after an update that omits the setting")
    studio.domain(trial, network, refuting=True)
    trial.check(docker(trial, domain), "DISABLED", "Access to Docker after an update with Disabled")
    return "The domain kept the setting that the update omitted, and the update with Disabled removed the access."


HOME_EXPERIMENT = Experiment(
    name="domain-without-home",
    creates=(A_NETWORK, A_DOMAIN),
    asks=(
        "Read the ID of the home file system of the domain.",
        "Delete the stack with the domain.",
        "List the network interfaces and security groups in the VPC for up to 10 minutes.",
    ),
    refuted_by="The domain has a home file system, or a network interface or a security group remains in the VPC.",
    charges=(Charge(1, REQUESTS),),
    minutes=60,
    run=run_home,
)
SETTINGS_EXPERIMENT = Experiment(
    name="studio-settings",
    creates=(A_NETWORK, f"{A_DOMAIN}, with access to Docker"),
    asks=(
        "Update the domain with a template without the settings of the domain, and read the access to Docker.",
        "Update the domain with a template that disables Docker, and read the access again.",
    ),
    refuted_by="The first update removes the access to Docker, or the second one does not.",
    charges=(Charge(1, REQUESTS),),
    minutes=60,
    run=run_settings,
)

"""A Studio domain with a user profile, its network, and apps in spaces of this profile."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from smtemplates.errors import UsageError
from smtemplates.prove.experiment import PREFIX, RefutedError
from smtemplates.prove.jobs import log_group
from smtemplates.prove.trial import OTHER_REASON, Trial
from smtemplates.prove.workspace import only, with_resources, workspace
from smtemplates.specializing.specialization import specialize
from smtemplates.templates.registry import definition

PROFILE = f"{PREFIX}user"
INSTANCE = "ml.t3.medium"
SUFFIX = "-studio"
NETWORK = ("VpcId", "SubnetIds")
# A policy of the role is only part of the stack if it is named here, because no resource refers to it.
DOMAIN = (
    "Domain",
    "UserProfile1",
    "DataPolicy",
    "StudioPolicy",
    "SecurityGroupFromMembers",
    "SecurityGroupToMembers",
)
ENDED = ("InService", "Failed", "Deleted")

Change = Callable[[dict[str, Any]], dict[str, Any]]


@cache
def network(*, internet: bool) -> dict[str, Any]:
    """Return the network template with one private subnet and no endpoints, and with a NAT gateway if `internet`."""
    built = definition("network").template().to_dict()
    template = specialize(built, fix={"NatGateways": "One" if internet else "None"}, keep=())
    routes = ("PrivateRoute1",) if internet else ()
    kept = only(template, "PrivateSubnet1", "PrivateRouteTableAssociation1", *routes)
    return with_resources(kept, {}, {"Vpc": {"Ref": "Vpc"}, "Subnet": {"Ref": "PrivateSubnet1"}})


@cache
def _domain(settings: tuple[tuple[str, str], ...], kept: tuple[str, ...]) -> dict[str, Any]:
    fixed = {"CreateDomain": "true", "UserProfileNames": PROFILE, **dict(settings)}
    return workspace(["studio"], fix=fixed, keep=(*NETWORK, *kept))


def domain(
    trial: Trial,
    found: Mapping[str, str],
    *further: str,
    fix: Mapping[str, str] | None = None,
    parameters: Mapping[str, str] | None = None,
    change: Change | None = None,
    refuting: bool = False,
) -> Mapping[str, str]:
    """Create or update a domain in the stack with the suffix, and return the outputs of the stack.

    `found` are the outputs of the stack with the network, `further` are logical IDs of further resources, `parameters`
    are values of parameters that the template keeps, and `change` changes the template.
    """
    given = dict(parameters or {})
    template = only(_domain(tuple(sorted((fix or {}).items())), tuple(sorted(given))), *DOMAIN, *further)
    given |= {"VpcId": found["Vpc"], "SubnetIds": found["Subnet"]}
    changed = change(template) if change else template
    return trial.deploy(changed, refuting=refuting, suffix=SUFFIX, parameters=given)


def space_request(trial: Trial, domain_id: str, app: str) -> dict[str, Any]:
    """Return the arguments that create a private space of the profile for a type of app.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateSpace.html
    """
    return {
        "DomainId": domain_id,
        "SpaceName": trial.new_name(),
        "OwnershipSettings": {"OwnerUserProfileName": PROFILE},
        "SpaceSharingSettings": {"SharingType": "Private"},
        "SpaceSettings": {"AppType": app},
        "Tags": trial.tag_list,
    }


def app_request(trial: Trial, space: Mapping[str, Any], **resources: Any) -> dict[str, Any]:
    """Return the arguments that start the app of a space. `resources` are further fields of its ResourceSpec.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateApp.html
    """
    return {
        "DomainId": space["DomainId"],
        "SpaceName": space["SpaceName"],
        "AppType": space["SpaceSettings"]["AppType"],
        "AppName": "default",
        "ResourceSpec": {"InstanceType": INSTANCE, **resources},
        "Tags": trial.tag_list,
    }


def start(trial: Trial, domain_id: str, app: str, **resources: Any) -> Mapping[str, Any]:
    """Create a space and its app, and return the request of the app. Both are deleted with the stack of the domain."""
    log_group(trial, "studio")
    space = space_request(trial, domain_id, app)
    trial.call("sagemaker", "create_space", **space)
    wait_for_space(trial, space)
    request = app_request(trial, space, **resources)
    trial.call("sagemaker", "create_app", **request)
    return request


def wait_for_space(trial: Trial, space: Mapping[str, Any]) -> None:
    """Wait until a space is in service.

    Raises:
        RefutedError: Its creation failed.
    """
    names = {key: space[key] for key in ("DomainId", "SpaceName")}

    def question() -> Mapping[str, Any] | None:
        found: Mapping[str, Any] = trial.call("sagemaker", "describe_space", **names)
        return found if found["Status"] in ENDED else None

    check_started(trial, f"space {space['SpaceName']}", trial.until("the space is in service", question))


def ended(trial: Trial, app: Mapping[str, Any]) -> Mapping[str, Any]:
    """Wait until an app runs or failed, and return its description."""
    names = {key: app[key] for key in ("DomainId", "SpaceName", "AppType", "AppName")}

    def question() -> Mapping[str, Any] | None:
        found: Mapping[str, Any] = trial.call("sagemaker", "describe_app", **names)
        return found if found["Status"] in ENDED else None

    return trial.until(f"the {app['AppType']} app runs", question)


def check_running(trial: Trial, app: Mapping[str, Any]) -> None:
    """Wait until an app runs.

    Raises:
        RefutedError: It failed.
        UsageError: A quota, the capacity or an internal error of AWS is the reason.
    """
    check_started(trial, f"{app['AppType']} app", ended(trial, app))


def check_started(trial: Trial, what: str, described: Mapping[str, Any]) -> None:
    """Check that a space or an app is in service. The errors are those of `check_running`."""
    status, reason = described["Status"], described.get("FailureReason", "")
    trial.note(f"{what}: {status}. {reason}".rstrip())
    if status == "InService":
        return
    if OTHER_REASON.search(reason):
        raise UsageError(f"The {what} failed for a reason outside the template: {reason}")
    raise RefutedError(f"The {what} is {status}: {reason or 'AWS gives no reason'}")


def assumable(template: dict[str, Any], *allowed: str) -> dict[str, Any]:
    """Return a template whose execution role the account can assume, with these actions in addition to its own."""
    changed = with_resources(template, {})
    trust = changed["Resources"]["ExecutionRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    root = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    trust.append({"Effect": "Allow", "Principal": root, "Action": "sts:AssumeRole"})
    if not allowed:
        return changed
    statement = {"Effect": "Allow", "Action": list(allowed), "Resource": "*"}
    policy = {
        "PolicyName": "prove",
        "Roles": [{"Ref": "ExecutionRole"}],
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
    return with_resources(changed, {"ProvePolicy": {"Type": "AWS::IAM::Policy", "Properties": policy}})

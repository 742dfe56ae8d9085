"""The stack sets of the local cloud: their stacks in accounts and Regions, and the operations that deploy them.

A stack set deploys to accounts only, because there are no organizations, and it requires no roles. Its accounts are
deployed one after the other.
"""

# ruff: noqa: SLF001 - MiniStack has no public interface for this, so private members of the locked version are patched
from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from html import escape
from importlib import import_module
from typing import Any

from smtemplates.local_cloud.catalog_server import LoopbackStacks, template_at

Props = dict[str, Any]
TYPE = "AWS::CloudFormation::StackSet"
CREATE_ONLY = ("PermissionModel", "StackSetName")
WAIT = {"Delay": 0.2, "MaxAttempts": 1500}


@dataclass
class StackSet:
    """A stack set: its properties, its stacks by account and Region, and the results of its operations."""

    id: str
    props: Props
    instances: dict[tuple[str, str], Props] = field(default_factory=dict)
    operations: list[Props] = field(default_factory=list)

    def targets(self) -> Iterator[tuple[str, str]]:
        """Yield the accounts and Regions to deploy to, one Region after the other."""
        for group in self.props.get("StackInstancesGroup", []):
            for region in group["Regions"]:
                for account in group["DeploymentTargets"].get("Accounts", []):
                    yield account, region

    def deploy(self, action: str) -> None:
        """Create or update the stacks of all targets, and delete the other stacks.

        Raises:
            ValueError: More accounts of a Region failed than the operation tolerates.
        """
        operation: Props = {"OperationId": str(uuid.uuid4()), "Action": action, "results": []}
        operation["CreationTimestamp"] = datetime.now(timezone.utc).isoformat()
        self.operations.append(operation)
        targets = [*self.targets()]
        for place in [place for place in self.instances if place not in targets]:
            self.remove(place)
        sizes, failures = Counter(region for _, region in targets), Counter[str]()
        percentage = int(self.props.get("OperationPreferences", {}).get("FailureTolerancePercentage", 0))
        for account, region in targets:
            reason = self._deploy_to(account, region)
            status = "FAILED" if reason else "SUCCEEDED"
            operation["results"].append(
                {"Account": account, "Region": region, "Status": status, "StatusReason": reason}
            )
            self.instances[account, region].update(LastOperationId=operation["OperationId"])
            failures[region] += bool(reason)
            if failures[region] > sizes[region] * percentage // 100:
                operation["Status"] = "FAILED"
                raise ValueError(f"Stack set operation {operation['OperationId']} failed in {account}: {reason}")
        operation["Status"] = "SUCCEEDED"

    def _deploy_to(self, account: str, region: str) -> str:
        """Create or update the stack of a target, and return the reason of a failure, or ''."""
        stacks = LoopbackStacks(account, region)
        client = stacks.client("cloudformation")
        known = self.instances.setdefault((account, region), {})
        name = known.setdefault("name", f"StackSet-{self.id.partition(':')[0]}-{uuid.uuid4()}")
        known.update(Status="OUTDATED", DetailedStatus="RUNNING", StatusReason="")
        template = template_at(self.props["TemplateURL"])
        if template is None:
            return self._failed(known, f"The template at {self.props['TemplateURL']} cannot be read.")
        exists = bool(stacks.status(name)[0])
        exceptions: Any = import_module("botocore.exceptions")
        try:
            with stacks.copy(template) as url:
                (client.update_stack if exists else client.create_stack)(
                    StackName=name,
                    TemplateURL=url,
                    Parameters=self.props.get("Parameters", []),
                    Capabilities=self.props.get("Capabilities", []),
                )
            waiter = client.get_waiter(f"stack_{'update' if exists else 'create'}_complete")
            waiter.wait(StackName=name, WaiterConfig=WAIT)
        except (exceptions.ClientError, exceptions.WaiterError) as error:
            if "No updates are to be performed" not in str(error):
                return self._failed(known, stacks.status(name)[1] or str(error))
        known.update(Status="CURRENT", DetailedStatus="SUCCEEDED")
        known["StackId"] = client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        return ""

    @staticmethod
    def _failed(instance: Props, reason: str) -> str:
        instance.update(Status="OUTDATED", DetailedStatus="FAILED", StatusReason=reason)
        return reason

    def remove(self, place: tuple[str, str]) -> None:
        """Delete the stack of a target, and wait until it is deleted."""
        client, name = LoopbackStacks(*place).client("cloudformation"), self.instances[place]["name"]
        client.delete_stack(StackName=name)
        client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig=WAIT)
        del self.instances[place]


class StackSets:
    """The stack sets of all accounts and Regions, and the operations of CloudFormation that read them."""

    def __init__(self, helpers: Any, scope: Callable[[], tuple[str, str]]) -> None:
        """Create an empty list. `helpers` is the module of MiniStack, `scope` returns the account and the Region."""
        self.helpers, self.scope = helpers, scope
        self.sets: dict[tuple[str, str], list[StackSet]] = {}

    def create(self, _logical_id: str, props: Props, _stack_name: str) -> tuple[str, Props]:
        """Create a stack set and its stacks."""
        made = StackSet(f"{props['StackSetName']}:{uuid.uuid4()}", props)
        self.sets.setdefault(self.scope(), []).append(made)
        try:
            made.deploy("CREATE")
        except ValueError:
            self.delete(made.id, props)
            raise
        return made.id, {}

    def update(self, physical_id: str, _old: Props, props: Props, _stack_name: str) -> tuple[str, Props]:
        """Update a stack set and its stacks."""
        (found,) = self._named(physical_id)
        found.props = props
        found.deploy("UPDATE")
        return physical_id, {}

    def delete(self, physical_id: str, _props: Props) -> None:
        """Delete a stack set and its stacks."""
        for found in self._named(physical_id):
            for place in [*found.instances]:
                found.remove(place)
            self.sets[self.scope()].remove(found)

    def _named(self, name: str) -> list[StackSet]:
        return [one for one in self.sets.get(self.scope(), []) if name in (one.id, one.props["StackSetName"])]

    def actions(self) -> dict[str, Callable[[Props], Any]]:
        """Return the operations of the API."""
        return {
            "DescribeStackSet": self._reader("DescribeStackSet", _description),
            "ListStackInstances": self._reader("ListStackInstances", _instances),
            "ListStackSetOperations": self._reader("ListStackSetOperations", _operations),
            "ListStackSetOperationResults": self._reader("ListStackSetOperationResults", _results),
        }

    def _reader(self, action: str, content: Callable[[StackSet, str], Any]) -> Callable[[Props], Any]:
        def read(params: Props) -> Any:
            name = self.helpers._p(params, "StackSetName")
            found = self._named(name)
            if not found:
                return self.helpers._error("StackSetNotFoundException", f"StackSet {name} not found", 404)
            inner = _xml(content(found[0], self.helpers._p(params, "OperationId")))
            return self.helpers._xml(200, f"{action}Response", f"<{action}Result>{inner}</{action}Result>")

        return read


def _description(found: StackSet, _operation: str) -> Props:
    kept = ("StackSetName", "Description", "Parameters", "Capabilities", "PermissionModel")
    about = {name: found.props[name] for name in kept if name in found.props}
    return {"StackSet": {**about, "StackSetId": found.id, "Status": "ACTIVE"}}


def _instances(found: StackSet, _operation: str) -> Props:
    shown = ("StackId", "Status", "StatusReason", "LastOperationId")
    return {
        "Summaries": [
            {
                "StackSetId": found.id,
                "Account": account,
                "Region": region,
                "StackInstanceStatus": {"DetailedStatus": one["DetailedStatus"]},
                **{name: one[name] for name in shown if one.get(name)},
            }
            for (account, region), one in found.instances.items()
        ]
    }


def _operations(found: StackSet, _operation: str) -> Props:
    shown = ("OperationId", "Action", "Status", "CreationTimestamp")
    return {"Summaries": [{name: one.get(name, "RUNNING") for name in shown} for one in found.operations]}


def _results(found: StackSet, operation: str) -> Props:
    return {
        "Summaries": [
            result for one in found.operations if one["OperationId"] == operation for result in one["results"]
        ]
    }


def _xml(value: Any) -> str:
    """Return a value in the notation of the query protocol."""
    if isinstance(value, dict):
        return "".join(f"<{name}>{_xml(item)}</{name}>" for name, item in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(item)}</member>" for item in value)
    return escape(str(value))


def add_stack_sets() -> None:
    """Register the resource type and the operations."""
    responses, package = import_module("ministack.core.responses"), "ministack.services.cloudformation"
    stacks: Any = import_module(f"{package}.stacks")
    provisioners: Any = import_module(f"{package}.provisioners")
    sets = StackSets(import_module(f"{package}.helpers"), lambda: (responses.get_account_id(), responses.get_region()))
    provisioners._RESOURCE_HANDLERS[TYPE] = {"create": sets.create, "update": sets.update, "delete": sets.delete}
    provisioners._REPLACING_PROPERTIES[TYPE] = CREATE_ONLY
    import_module(package)._ACTION_HANDLERS.update(sets.actions())
    on_thread = stacks._runs_on_worker_thread
    # because an operation sends requests to this server
    stacks._runs_on_worker_thread = lambda resource_type: resource_type == TYPE or on_thread(resource_type)

"""The IAM of the local cloud: that of MiniStack, with the resources and condition keys that AWS evaluates.

IAM evaluates each API call, including the calls of functions with the credentials of their role. CloudFormation's own
calls for a stack are not evaluated. The keys test and test, and an account ID as access key, have all permissions.
"""

# ruff: noqa: SLF001 - MiniStack has no public interface for this, so private members of the locked version are patched
from __future__ import annotations

from importlib import import_module
from typing import Any

from smtemplates.local_cloud.sagemaker import Props, Resource

LOG_TAGGING = ("ListTagsForResource", "TagResource", "UntagResource")


def patch() -> None:
    """Replace the functions of MiniStack that select resources, condition keys and role attributes."""
    add_permissions_boundaries(
        import_module("ministack.services.cloudformation.provisioners"), import_module("ministack.services.iam")
    )
    treat_loopback_as_tls(import_module("ministack.app"))
    actions = import_module("ministack.core.iam_actions")
    complete_resource_arns(actions)
    add_conditional_write_key(actions)


def treat_loopback_as_tls(app: Any) -> None:
    """Treat requests as sent over TLS, which the buckets of the workspace require. Loopback needs no TLS."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, secure_transport=True)


def complete_resource_arns(actions: Any) -> None:
    """Return complete ARNs: folders with a final slash, the stack of a change set, and log groups with their streams.

    AWS evaluates the streams of a log group even for calls about the group: "is not authorized to perform:
    logs:PutRetentionPolicy on resource: arn:aws:logs:...:log-group:myapplogs:log-stream:". Calls about tags are the
    exception.

    Source: https://github.com/aws-samples/amazon-eks-fluent-logging-examples/issues/15
    Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
    """
    extract = actions.extract_resource_arn
    change_sets = import_module("ministack.services.cloudformation")._change_sets

    def complete(service: str, method: str, path: str, headers: Any, body: Any, query: Any, *scope: str) -> str:
        arn: str = extract(service, method, path, headers, body, query, *scope)
        if service == "cloudformation" and arn == "*" and (names := query.get("ChangeSetName")):
            return str(change_sets.get(names[0], {}).get("StackId", arn))
        if service == "s3" and "/" in arn and path.endswith("/"):
            return f"{arn}/"
        tagging = headers.get("x-amz-target", "").rpartition(".")[2] in LOG_TAGGING
        if service == "logs" and ":log-group:" in arn and not arn.endswith("*") and not tagging:
            return f"{arn}:log-stream:"
        return arn

    actions.extract_resource_arn = complete


def add_conditional_write_key(actions: Any) -> None:
    """Add the condition key s3:if-none-match, which MiniStack does not support.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    context = actions.s3_service_context

    def with_key(action: str, query: Any, path: str = "", headers: Any = None) -> dict[str, Any]:
        given = (headers or {}).get("if-none-match")
        return {**context(action, query, path, headers), **({"s3:if-none-match": given} if given else {})}

    actions.s3_service_context = with_key


def add_permissions_boundaries(provisioners: Any, iam: Any) -> None:
    """Set the permissions boundary of roles in stacks, which MiniStack ignores."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    create, update = handlers["create"], handlers["update"]

    def with_boundary(created: Resource, props: Props) -> Resource:
        iam._roles[created[0]]["PermissionsBoundary"] = props.get("PermissionsBoundary")
        return created

    def create_with_boundary(logical_id: str, props: Props, stack_name: str) -> Resource:
        return with_boundary(create(logical_id, props, stack_name), props)

    def update_with_boundary(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str) -> Resource:
        return with_boundary(update(physical_id, old, new, stack_name, logical_id), new)

    handlers.update(create=create_with_boundary, update=update_with_boundary)

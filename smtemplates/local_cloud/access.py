"""The IAM of the local cloud: MiniStack's own, asked about the resources that AWS asks it about.

It judges each call of the API, those of functions with their role's credentials among them. What CloudFormation does
for a stack it does unasked, and the keys test and test, or an account ID as access key, may do everything.
"""

# ruff: noqa: SLF001 - MiniStack has no public way to say what it asks about, so this reaches into the version that is locked
from __future__ import annotations

from importlib import import_module
from typing import Any

from smtemplates.local_cloud.sagemaker import Made, Props


def ask_like_iam() -> None:
    """Mend what MiniStack asks IAM about, and what it knows of roles."""
    bound_roles(
        import_module("ministack.services.cloudformation.provisioners"), import_module("ministack.services.iam")
    )
    count_loopback_as_tls(import_module("ministack.app"))
    actions = import_module("ministack.core.iam_actions")
    name_whole_resources(actions)
    tell_conditional_writes(actions)


def count_loopback_as_tls(app: Any) -> None:
    """Take requests for sent over TLS, without which the workspace's buckets refuse them; loopback needs none."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, secure_transport=True)


def name_whole_resources(actions: Any) -> None:
    """Name a folder's object with its slash, a change set's stack, and a log group with its streams.

    AWS asks about the group's streams even where a call is about the group: "is not authorized to perform:
    logs:PutRetentionPolicy on resource: arn:aws:logs:...:log-group:myapplogs:log-stream:".

    Source: https://github.com/aws-samples/amazon-eks-fluent-logging-examples/issues/15
    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
    """
    extract = actions.extract_resource_arn
    change_sets = import_module("ministack.services.cloudformation")._change_sets

    def whole(service: str, method: str, path: str, headers: Any, body: Any, query: Any, *scope: str) -> str:
        arn: str = extract(service, method, path, headers, body, query, *scope)
        if service == "cloudformation" and arn == "*" and (named := query.get("ChangeSetName")):
            return str(change_sets.get(named[0], {}).get("StackId", arn))
        if service == "s3" and "/" in arn and path.endswith("/"):
            return f"{arn}/"
        if service == "logs" and ":log-group:" in arn and not arn.endswith("*"):
            return f"{arn}:log-stream:"
        return arn

    actions.extract_resource_arn = whole


def tell_conditional_writes(actions: Any) -> None:
    """Give s3:if-none-match, which MiniStack does not know.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    context = actions.s3_service_context

    def with_key(action: str, query: Any, path: str = "", headers: Any = None) -> dict[str, Any]:
        given = (headers or {}).get("if-none-match")
        return {**context(action, query, path, headers), **({"s3:if-none-match": given} if given else {})}

    actions.s3_service_context = with_key


def bound_roles(provisioners: Any, iam: Any) -> None:
    """Let CloudFormation give roles their permissions boundary, which MiniStack's leaves out."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::IAM::Role"]
    create, update = handlers["create"], handlers["update"]

    def bound(made: Made, props: Props) -> Made:
        iam._roles[made[0]]["PermissionsBoundary"] = props.get("PermissionsBoundary")
        return made

    def create_bound(logical_id: str, props: Props, stack_name: str) -> Made:
        return bound(create(logical_id, props, stack_name), props)

    def update_bound(physical_id: str, old: Props, new: Props, stack_name: str, logical_id: str) -> Made:
        return bound(update(physical_id, old, new, stack_name, logical_id), new)

    handlers.update(create=create_bound, update=update_bound)

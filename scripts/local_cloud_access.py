"""The IAM of scripts/local_cloud.py: MiniStack's own, asked about the resources that AWS asks it about.

It judges each call of the API, those of functions with their role's credentials among them. What CloudFormation does
for a stack it does unasked, and the keys test and test, or an account ID as access key, may do everything.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def ask_like_iam() -> None:
    """Mend what MiniStack asks IAM about."""
    count_loopback_as_tls(import_module("ministack.app"))
    name_whole_resources(import_module("ministack.core.iam_actions"))


def count_loopback_as_tls(app: Any) -> None:
    """Take requests for sent over TLS, without which the workspace's buckets refuse them; loopback needs none."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _secure: pin(address, secure_transport=True)


def name_whole_resources(actions: Any) -> None:
    """Name a folder's object with its slash, and a log group with its streams.

    AWS asks about the group's streams even where a call is about the group: "is not authorized to perform:
    logs:PutRetentionPolicy on resource: arn:aws:logs:...:log-group:myapplogs:log-stream:".

    Source: https://github.com/aws-samples/amazon-eks-fluent-logging-examples/issues/15
    """
    extract = actions.extract_resource_arn

    def whole(service: str, method: str, path: str, *request: Any) -> str:
        arn: str = extract(service, method, path, *request)
        if service == "s3" and "/" in arn and path.endswith("/"):
            return f"{arn}/"
        if service == "logs" and ":log-group:" in arn and not arn.endswith("*"):
            return f"{arn}:log-stream:"
        return arn

    actions.extract_resource_arn = whole

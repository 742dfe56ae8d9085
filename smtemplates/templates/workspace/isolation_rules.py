"""The requests that the execution role is denied with Isolation=Project, as data: one row for each kind of request.

The policy, the reference and the tests derive from these rows. Rows with a tag exist for each tag of the boundary.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
"""

from __future__ import annotations

from dataclasses import dataclass

BOUNDARY = ("Project", "Environment")
"""The keys of the tags that are the boundary. Every resource of a workspace has both."""
RESOURCE, REQUEST = "aws:ResourceTag", "aws:RequestTag"
# Studio sends no tags for them, and other statements allow only those of the own domain and user profile.
STUDIO = ("app/*", "space/*")
# Executions have no tags: StartPipelineExecution does not accept tags, and AddTags does not accept executions.
EXECUTIONS = "pipeline/*/execution/*"


@dataclass(frozen=True, kw_only=True)
class Denied:
    """Describe requests that are denied unless the resource or the request has the tags of the workspace.

    `tag` is the condition key, RESOURCE or REQUEST. Without one, the name of the resource decides. `only` are the
    resources of the account to which the row applies, `other_than` those to which it does not apply. ${Workspace} in
    them is the project and the environment. `direct` limits the row to requests that do not create a resource.
    `reason` completes the sentence "These requests are denied".
    """

    sid: str
    actions: tuple[str, ...]
    tag: str = ""
    only: tuple[str, ...] = ()
    other_than: tuple[str, ...] = ()
    keys: tuple[str, ...] = BOUNDARY
    direct: bool = False
    service: str = "sagemaker"
    reason: str


DENIED = (
    Denied(
        sid="Others",
        actions=("*Record", "BatchPutMetrics", "Delete*", "Invoke*", "Start*", "Stop*", "Update*"),
        tag=RESOURCE,
        other_than=(*STUDIO, "model-package/*", EXECUTIONS),
        reason="because they change, invoke, start, stop or delete a resource without the tags",
    ),
    Denied(
        sid="UseOf",
        actions=("AddAssociation", "CreateEndpoint", "CreateTrial"),
        tag=RESOURCE,
        only=("endpoint-config/*", "experiment/*", "experiment-trial-component/*"),
        reason="because they create something from an endpoint configuration or in an experiment without the tags",
    ),
    Denied(
        sid="PartOf",
        actions=("AssociateTrialComponent", "CreateInferenceComponent", "DisassociateTrialComponent"),
        tag=RESOURCE,
        only=("endpoint/*", "experiment-trial/*"),
        reason="because they change the content of an endpoint or trial without the tags",
    ),
    Denied(
        sid="Untagged",
        actions=("Create*",),
        tag=REQUEST,
        other_than=(*STUDIO, "artifact/*", "mlflow-app/*", "model-package/*", "user-profile/*"),
        reason="because they create a resource without the tags",
    ),
    Denied(
        sid="TakeOver",
        actions=("AddTags",),
        tag=RESOURCE,
        direct=True,
        reason="because they add tags to a resource without the tags",
    ),
    Denied(
        sid="GiveAway",
        actions=("AddTags",),
        tag=REQUEST,
        direct=True,
        reason="because they would change the tags of the workspace, or do not repeat them",
    ),
    Denied(
        sid="OtherNames",
        actions=("CreatePipeline", *(f"{verb}PipelineExecution*" for verb in ("Retry", "Send", "Stop", "Update"))),
        other_than=("pipeline/${Workspace}-*",),
        reason="because executions have no tags, so the name of their pipeline must start with project and environment",
    ),
    Denied(
        sid="Repositories",
        actions=("*",),
        tag=RESOURCE,
        only=("repository/*",),
        keys=("Project",),
        service="ecr",
        reason="because the repository is in this account and does not have the tag of the project",
    ),
)

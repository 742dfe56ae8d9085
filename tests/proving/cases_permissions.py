"""The cases of experiments with the decisions of IAM and CloudFormation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any

from deploying.local_aws import Aws

from proving.case import Case
from proving.clouds import Answer, Forward, Lenient
from proving.failing import completed, failing
from smtemplates.aws.errors import CloudError
from smtemplates.prove.experiment import PREFIX
from smtemplates.prove.experiments.permissions import CAP_SECONDS, STRANGER
from smtemplates.prove.experiments.pipelines import OTHER

Denies = Callable[[str, Mapping[str, Any]], bool]
QUEUE = "AWS::SQS::Queue"
DENIED = "User: {} is not authorized to perform: {}"


def deciding(
    denies: Denies, *operations: str, code: str = "ValidationException"
) -> Callable[[Aws], Mapping[str, Answer]]:
    """Return answers that deny calls by the role of the last AssumeRole and the request, or reject them with a code."""

    def answers(_aws: Aws) -> Mapping[str, Answer]:
        roles: list[str] = []

        def assume(request: dict[str, Any], forward: Forward) -> Any:
            roles.append(request["RoleArn"])
            return forward(**request)

        def decide(operation: str) -> Answer:
            def answer(request: dict[str, Any], _forward: Forward) -> Any:
                if denies(roles[-1], request):
                    raise CloudError(DENIED.format(roles[-1], operation), code="AccessDeniedException")
                raise CloudError("The request is invalid.", code=code)

            return answer

        return {"assume_role": assume, **{operation: decide(operation) for operation in operations}}

    return answers


def too_long(role: str, request: Mapping[str, Any]) -> bool:
    """Deny a warm pool beyond the limit."""
    return STRANGER in role or bool(request["ResourceConfig"]["KeepAlivePeriodInSeconds"] > CAP_SECONDS)


def approved(role: str, request: Mapping[str, Any]) -> bool:
    """Deny a version that is approved or changed without a status."""
    return STRANGER in role or request.get("ModelApprovalStatus") not in ("PendingManualApproval", "Rejected")


def other_network() -> Denies:
    """Return a decision that denies every interface except the first one."""
    first: list[str] = []

    def denies(_role: str, request: Mapping[str, Any]) -> bool:
        first.append(request["NetworkInterfaceId"])
        return bool(request["NetworkInterfaceId"] != first[0])

    return denies


def with_type(kind: str) -> Mapping[str, Answer]:
    """Return answers with resources of a type that the local cloud lacks. It creates queues instead."""

    def create(request: dict[str, Any], forward: Forward) -> Any:
        return forward(**{**request, "TemplateBody": request["TemplateBody"].replace(kind, QUEUE)})

    def read(request: dict[str, Any], forward: Forward) -> Any:
        answer = forward(**request)
        return {**answer, "TemplateBody": answer["TemplateBody"].replace(QUEUE, kind)}

    return {"create_change_set": create, "get_template": read}


def in_a_dry_run(aws: Aws) -> Mapping[str, Answer]:
    """Return answers for network interfaces."""
    decided = deciding(other_network(), "delete_network_interface", code="DryRunOperation")(aws)
    return {**decided, **with_type("AWS::EC2::NetworkInterface")}


def of_another_project(_role: str, request: Mapping[str, Any]) -> bool:
    """Deny calls with the tags of another project."""
    named = request["PipelineName"].endswith(OTHER)
    return bool(named) or any(tag["Value"] == OTHER for tag in request.get("Tags", []))


def with_pipelines(denies: Denies) -> Callable[[Aws], Mapping[str, Answer]]:
    """Return answers for pipelines."""
    operations = ("create_pipeline", "update_pipeline", "delete_pipeline")
    return lambda aws: {**deciding(denies, *operations)(aws), **with_type("AWS::SageMaker::Pipeline")}


def updated(_aws: Aws) -> Mapping[str, Answer]:
    """Return answers with a pipeline that is updated."""
    arn = "arn:aws:sagemaker:us-east-1:000000000000:pipeline/prove"
    update = {"update_pipeline": lambda _request, _forward: {"PipelineArn": arn}}
    return {**with_type("AWS::SageMaker::Pipeline"), **update}


def denied(_answer: Any) -> Any:
    raise CloudError(DENIED.format("editor", "iam:PassRole"), code="AccessDeniedException")


def with_identity(aws: Aws) -> Mapping[str, Answer]:
    """Return answers with the identity that the notebook instance writes."""

    def read(_request: dict[str, Any], _forward: Forward) -> Any:
        names = [one["RoleName"] for one in aws.client("iam").list_roles()["Roles"]]
        (role,) = (name for name in names if name.startswith(f"{PREFIX}notebook-trust"))
        return {"Body": BytesIO(f"arn:aws:sts::000000000000:assumed-role/{role}/SageMaker\n".encode())}

    return {"get_object": read}


ACCEPTED = Lenient({}, except_for=STRANGER)
CASES: Mapping[str, Case] = {
    "function-role": Case(
        faults={"describe_stacks": completed},
        answers=failing("Custom", "Custom::Prove", DENIED.format("stack", "lambda:InvokeFunction")),
    ),
    "policy-quota": Case(
        faults={"describe_stacks": completed},
        answers=failing("Policy10", "AWS::IAM::ManagedPolicy", "Cannot exceed quota for PoliciesPerRole: 10"),
    ),
    "key-tags": Case(
        faults={"create_key": ACCEPTED},
        answers=deciding(lambda role, _request: "ByRequest" not in role, "create_key"),
    ),
    "log-streams": Case(
        faults={"put_retention_policy": ACCEPTED},
        answers=deciding(lambda role, _request: "Named" in role, "put_retention_policy"),
    ),
    "model-approval": Case(
        faults={"create_model_package": ACCEPTED, "update_model_package": ACCEPTED},
        answers=deciding(approved, "create_model_package", "update_model_package"),
    ),
    "network-interfaces": Case(faults={"delete_network_interface": ACCEPTED}, answers=in_a_dry_run),
    "notebook-trust": Case(faults={"get_object": lambda _answer: {"Body": BytesIO(b"")}}, answers=with_identity),
    "pass-role-once": Case(faults={"update_pipeline": denied}, answers=updated),
    "project-tags": Case(
        faults={"create_pipeline": ACCEPTED, "delete_pipeline": ACCEPTED, "update_pipeline": ACCEPTED},
        answers=with_pipelines(of_another_project),
    ),
    "warm-pools": Case(faults={"create_training_job": ACCEPTED}, answers=deciding(too_long, "create_training_job")),
}

"""Decide on the outcome of each instance of a state."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from smtemplates.adopt.kinds import KINDS, ROLES, Kind, Outcome
from smtemplates.adopt.parameters import Settings, collect
from smtemplates.adopt.roles import choose, is_aws, is_sagemaker_alarm, names_of
from smtemplates.adopt.state import Instance
from smtemplates.errors import UsageError

SHARED_LOG_GROUPS = frozenset(
    f"/aws/sagemaker/{name}"
    for name in ("TrainingJobs", "ProcessingJobs", "TransformJobs", "NotebookInstances", "studio")
)
_LOGS = "/aws/sagemaker/"
_ENDPOINTS = "/aws/sagemaker/Endpoints/"
_DEPOSED = "Terraform has replaced this object, and deletes it at the next apply."


@dataclass(frozen=True, kw_only=True)
class Decision:
    """The outcome of one instance, the reason, and the commands that copy its data."""

    instance: Instance
    outcome: Outcome
    reason: str
    commands: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Adoption:
    """The result: a decision for each instance of the state once, and the values for the stack."""

    decisions: Sequence[Decision]
    roles: Mapping[str, Instance]
    settings: Settings

    @property
    def handed_over(self) -> list[Instance]:
        """The instances that Terraform releases."""
        return [one.instance for one in self.decisions if one.outcome is Outcome.REUSE]

    @property
    def loses_data(self) -> bool:
        """Whether data is lost unless it is copied first."""
        return any(one.outcome is Outcome.COPY for one in self.decisions)


def adopt(
    instances: Sequence[Instance],
    *,
    wanted: Mapping[str, str] | None = None,
    variables: Mapping[str, Any] | None = None,
    copied: Sequence[str] = (),
) -> Adoption:
    """Decide on the outcome of each instance. `copied` are the addresses of instances whose data has been copied.

    Raises:
        UsageError: Several resources can have one role, or an option names a resource that the state does not contain.
    """
    roles = choose(instances, wanted or {})
    decider = _Decider(instances, roles)
    decisions = [decider.decide(one) for one in instances]
    known = {one.instance.label for one in decisions if one.outcome is Outcome.COPY}
    if unknown := [address for address in copied if address not in known]:
        raise UsageError(f"--copied {unknown[0]}: the state has no resource with this address whose data is copied.")
    decisions = [_confirmed(one) if one.instance.label in copied else one for one in decisions]
    return Adoption(
        decisions=_with_references(decisions), roles=roles, settings=collect(instances, roles, variables or {})
    )


def _confirmed(one: Decision) -> Decision:
    return replace(one, outcome=Outcome.RECREATE, reason="Its data has been copied (--copied).", commands=())


def _with_references(decisions: Sequence[Decision]) -> list[Decision]:
    """Add to the reasons the released resources to which the remaining blocks of the configuration refer."""
    released = {one.instance.block for one in decisions if one.outcome is Outcome.REUSE}
    result = []
    for one in decisions:
        used = [name for name in one.instance.dependencies if name in released]
        if one.outcome is not Outcome.REUSE and one.instance.mode == "managed" and used:
            text = f"{one.reason} In its block, replace references to {', '.join(used)} with values."
            result.append(replace(one, reason=text))
        else:
            result.append(one)
    return result


class _Decider:
    def __init__(self, instances: Sequence[Instance], roles: Mapping[str, Instance]) -> None:
        self.roles = roles
        self.chosen = [one for role, one in roles.items() if KINDS[ROLES[role][0]].outcome is Outcome.REUSE]
        attachments = (one for one in instances if one.type == "aws_iam_role_policy_attachment")
        self.attached = {one.text("policy_arn") for one in attachments if self._owner(one, KINDS[one.type])}
        output = roles.get("output")
        self.bucket = output.text("bucket") if output else "YOUR-BUCKET"

    def decide(self, one: Instance) -> Decision:
        """Return the outcome of an instance."""
        if one.mode == "data":
            return _kept(one, "A data source only reads. There is nothing to hand over.")
        if not is_aws(one):
            return _kept(one, f"It belongs to the provider {one.provider}.")
        kind = KINDS.get(one.type)
        if one.deposed:
            return self._deposed(one, kind)
        if kind is None:
            return _kept(one, f"smtemplates has no counterpart for {one.type}.")
        return self._by_kind(one, kind)

    def _by_kind(self, one: Instance, kind: Kind) -> Decision:
        if kind.role:
            return self._principal(one, kind)
        if kind.owner:
            return self._part(one, kind)
        outcome, reason, commands = kind.outcome, kind.reason, tuple(_copying(one, self.bucket))
        if one.type == "aws_cloudwatch_log_group":
            outcome, reason, commands = _log_group(one.text("name"), reason)
        if is_sagemaker_alarm(one):
            outcome, reason = (
                Outcome.RECREATE,
                "The stack creates its own alarms on errors and latency of endpoints.",
            )
        return Decision(instance=one, outcome=outcome, reason=reason, commands=commands)

    def _deposed(self, one: Instance, kind: Kind | None) -> Decision:
        """Return the outcome of an object that Terraform deletes at the next apply."""
        if kind and kind.outcome is Outcome.COPY:
            commands = tuple(_copying(one, self.bucket))
            return Decision(instance=one, outcome=Outcome.COPY, reason=_DEPOSED, commands=commands)
        return _kept(one, _DEPOSED)

    def _principal(self, one: Instance, kind: Kind) -> Decision:
        names = [ROLES[role][2] for role, chosen in self.roles.items() if chosen is one]
        if not names:
            return _kept(one, "The stack does not use it. To use it, specify it with an option of this command.")
        reason = kind.reason
        if kind.outcome is Outcome.REUSE:
            reason = f"It becomes {' and '.join(names)}. {reason}"
        if one.tainted:
            reason += " Terraform has marked it as tainted, and would replace it at the next apply."
        commands = tuple(_copying(one, self.bucket))
        return Decision(instance=one, outcome=kind.outcome, reason=reason, commands=commands)

    def _part(self, one: Instance, kind: Kind) -> Decision:
        owned = one.text("arn") in self.attached if one.type == "aws_iam_policy" else self._owner(one, kind)
        if owned:
            return Decision(instance=one, outcome=Outcome.REUSE, reason=kind.reason)
        return _kept(one, "The stack does not use the resource to which it belongs.")

    def _owner(self, one: Instance, kind: Kind) -> bool:
        name = one.text(kind.link)
        return bool(name) and any(name in names_of(owner) for owner in self.chosen if owner.type == kind.owner)


def _kept(one: Instance, reason: str) -> Decision:
    return Decision(instance=one, outcome=Outcome.KEEP, reason=reason)


def _log_group(name: str, reason: str) -> tuple[Outcome, str, tuple[str, ...]]:
    """Return the outcome, reason and commands of a log group.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
    """
    if name in SHARED_LOG_GROUPS or name.startswith(_ENDPOINTS):
        return Outcome.REUSE, "SageMaker writes to this log group. Its log events are retained.", ()
    if not name.startswith(_LOGS):
        return Outcome.KEEP, reason, ()
    check = f"aws logs describe-log-streams --log-group-name {shlex.quote(name)} --max-items 1"
    reason += (
        " The stack manages those to which it writes. Before you delete this one, check that it has no log streams."
    )
    return Outcome.RECREATE, reason, (check,)


def _copying(one: Instance, bucket: str) -> Iterator[str]:
    """Yield the commands that copy the data of an instance into a bucket, and back.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/howitworks-create-ws.html (the folder of a notebook)
    Source: https://github.com/aws-samples/sagemaker-studio-apps-lifecycle-config-examples (the folder of a space)
    """
    if one.type == "aws_sagemaker_notebook_instance":
        target = shlex.quote(f"s3://{bucket}/notebook/{one.text('name') or 'NAME'}/")
        yield f"aws s3 sync /home/ec2-user/SageMaker {target}    # in a terminal of the old notebook instance"
        yield f"aws s3 sync {target} /home/ec2-user/SageMaker    # in a terminal of the new notebook instance"
    elif one.type == "aws_sagemaker_domain":
        yield f"aws sagemaker list-spaces --domain-id-equals {shlex.quote(one.text('id') or 'DOMAIN-ID')}"
    if one.type in ("aws_sagemaker_domain", "aws_sagemaker_user_profile", "aws_sagemaker_space"):
        name = one.text("user_profile_name") or one.text("space_name") or "SPACE"
        target = shlex.quote(f"s3://{bucket}/studio/{name}/")
        yield f"aws s3 sync /home/sagemaker-user {target}    # in a terminal of each space"
        yield f"aws s3 sync {target} /home/sagemaker-user    # in a terminal of the new space"

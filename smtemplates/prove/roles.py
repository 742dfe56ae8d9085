"""Roles that an experiment assumes, and checks of their permissions.

Changes of IAM have an effect usually within seconds, and without a limit.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (eventual consistency)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smtemplates.aws.errors import DENIED, CloudError
from smtemplates.aws.session import Cloud
from smtemplates.errors import UsageError
from smtemplates.prove.experiment import PREFIX, LateError, RefutedError
from smtemplates.prove.staged import ROOT, policy, trust
from smtemplates.prove.trial import Trial

ROLE_MINUTES = 3
ANSWERED = ""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A call that IAM allows or denies. `what` describes it in the report."""

    what: str
    service: str
    operation: str
    arguments: Mapping[str, Any]

    def ask(self, trial: Trial, role: Cloud) -> tuple[bool, str]:
        """Call AWS with the credentials of a role, and return whether IAM denies it, with the message of AWS."""
        try:
            role.call(self.service, self.operation, **self.arguments)
        except CloudError as error:
            trial.note(f"{self.what}: {error}")
            return error.code in DENIED, str(error)
        trial.note(f"{self.what}: AWS accepts the call.")
        return False, ANSWERED


def role_resource(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """Return a role that the account can assume, with these permissions."""
    policies = [{"PolicyName": "prove", "PolicyDocument": policy(*statements)}] if statements else []
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust(ROOT), "Policies": policies}}


def check_allowed(trial: Trial, role: Cloud, question: Question) -> None:
    """Check that IAM allows a call, which AWS may reject for another reason.

    Raises:
        RefutedError: IAM still denies it after some minutes.
    """

    def allowed() -> bool | None:
        return None if question.ask(trial, role)[0] else True

    try:
        trial.until(f"{question.operation} is not denied", allowed, minutes=ROLE_MINUTES)
    except LateError as error:
        raise RefutedError(f"IAM denies a call that it should allow. {trial.notes[-1]}") from error


def check_denied(trial: Trial, role: Cloud, question: Question) -> None:
    """Check that IAM denies a call.

    Raises:
        RefutedError: IAM allows it.
    """
    if not question.ask(trial, role)[0]:
        raise RefutedError(f"IAM does not deny a call that it should deny. {trial.notes[-1]}")


def check_order(trial: Trial, stranger: Cloud, question: Question) -> None:
    """Check that IAM denies an invalid call before AWS rejects it, with a role that may not call it.

    Raises:
        UsageError: AWS rejects the call first, so the call shows nothing about IAM.
    """
    denied, message = question.ask(trial, stranger)
    if not denied:
        raise UsageError(f"The call does not show whether IAM allows it. AWS answered: {message or 'success'}")


def as_role(trial: Trial, arn: str) -> Cloud:
    """Return the services of AWS with the credentials of a role that the account of the caller may assume."""

    def question() -> Any:
        try:
            return trial.call("sts", "assume_role", RoleArn=arn, RoleSessionName=PREFIX.rstrip("-"))["Credentials"]
        except CloudError as error:
            if error.code in DENIED:
                return None
            raise

    return trial.cloud.with_credentials(trial.until("the role can be assumed", question, minutes=ROLE_MINUTES))

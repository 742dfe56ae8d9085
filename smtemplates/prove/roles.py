"""Roles that an experiment assumes. Changes of IAM have an effect usually within seconds, and without a limit.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html (eventual consistency)
"""

from __future__ import annotations

from typing import Any

from smtemplates.aws.errors import DENIED, CloudError
from smtemplates.aws.session import Cloud
from smtemplates.prove.experiment import PREFIX
from smtemplates.prove.trial import Trial

ROLE_MINUTES = 3


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

"""A second actor changes the stack or its contents immediately before each call of destroy."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deploying.acting import Actors, Answer, each_effect
from deploying.local_aws import Aws
from deploying.matrix import Tally, tallied
from smtemplates.aws.connection import Connection
from smtemplates.aws.session import Cloud
from smtemplates.deploy import api
from smtemplates.deploy.destruction import Destruction
from smtemplates.deploy.reviewer import Silent
from smtemplates.errors import Error

pytestmark = pytest.mark.usefixtures("no_backoff")

TEMPLATE = """\
Resources:
  Kept: {Type: AWS::S3::Bucket, DeletionPolicy: Retain}
  Data: {Type: AWS::S3::Bucket}
  Domain:
    Type: AWS::SageMaker::Domain
    Properties: {AuthMode: IAM, DomainName: {Ref: "AWS::StackName"}, VpcId: vpc-1, SubnetIds: [subnet-1]}
  Profile:
    Type: AWS::SageMaker::UserProfile
    Properties: {DomainId: {Ref: Domain}, UserProfileName: {Ref: "AWS::StackName"}}
"""


class Recorder(Silent):
    """Remembers the Studio objects that the command has shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def show_destruction(self, plan: Destruction, *, delete_data: bool) -> None:
        del delete_data
        self.shown = plan.studio_contents.names()


class Case:
    """A stack with a domain, a space and buckets, and a second actor."""

    def __init__(self, aws: Aws, session: Any) -> None:
        self.session = session
        self.aws, self.stack = aws, f"Actor-{uuid.uuid4().hex[:10]}"
        self.cloudformation, self.sagemaker, self.s3 = map(aws.client, ("cloudformation", "sagemaker", "s3"))
        self.cloudformation.create_stack(StackName=self.stack, TemplateBody=TEMPLATE)
        aws.wait(self.stack, "CREATE_COMPLETE")
        resources = self.cloudformation.list_stack_resources(StackName=self.stack)["StackResourceSummaries"]
        ids = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in resources}
        self.domain, self.buckets = ids["Domain"], (ids["Kept"], ids["Data"])
        self.sagemaker.create_space(DomainId=self.domain, SpaceName="early")

    def does_nothing(self) -> None:
        """Do nothing."""

    def deletes_the_stack(self) -> None:
        """Delete the stack as another user does, who clears the domain first."""
        for space in self.spaces():
            self.sagemaker.delete_space(DomainId=self.domain, SpaceName=space)
        self.spaces()  # ends the deletions
        if self.aws.status(self.stack) is None:
            return
        self.cloudformation.update_termination_protection(StackName=self.stack, EnableTerminationProtection=False)
        self.cloudformation.delete_stack(StackName=self.stack)
        while self.aws.status(self.stack) not in (None, "DELETE_FAILED"):
            time.sleep(0.01)

    def creates_a_space(self) -> None:
        if self.aws.status(self.stack):
            self.sagemaker.create_space(DomainId=self.domain, SpaceName="late")

    def creates_a_profile(self) -> None:
        if self.aws.status(self.stack):
            self.sagemaker.create_user_profile(DomainId=self.domain, UserProfileName="sso")

    def protects_the_stack(self) -> None:
        if self.aws.status(self.stack):
            self.cloudformation.update_termination_protection(StackName=self.stack, EnableTerminationProtection=True)

    def stores_an_object(self) -> None:
        for bucket in self.buckets:
            self.s3.put_object(Bucket=bucket, Key="late")

    def spaces(self) -> list[str]:
        return [item["SpaceName"] for item in self.sagemaker.list_spaces(DomainIdEquals=self.domain)["Spaces"]]

    def run(self, url: str) -> tuple[Error | None, list[str]]:
        """Run the command, and return its error, or None, and the Studio objects that it has shown."""
        reviewer = Recorder()
        cloud = Cloud(Connection(endpoint_url=url), session=self.session, pause=lambda _: time.sleep(0.02))
        try:
            api.destroy(
                cloud, self.stack, delete_data=True, clear_studio=True, disable_protection=True, reviewer=reviewer
            )
        except Error as error:
            return error, reviewer.shown
        return None, reviewer.shown


@pytest.fixture(scope="module")
def tally(pytestconfig: pytest.Config) -> Iterator[Tally]:
    """Print the number of actions that the command survived."""
    with tallied("second actor during destroy", pytestconfig) as tally:
        yield tally


def quietly(action: Callable[[], None]) -> Callable[[], None]:
    """Return an action that does nothing if its object does not exist any more."""

    def act() -> None:
        try:
            action()
        except ClientError:
            return

    return act


def attempt(actors: Actors, action: str, number: int) -> list[Answer]:
    """Run the command with an action before a call, check the result, and return the answers."""
    case = Case(actors.aws, actors.session)
    actors.acting.watch(number, quietly(getattr(case, action)))
    actors.tally.tried += 1
    error, shown = case.run(actors.acting.url)
    reached, answers = actors.acting.act is None, actors.acting.answers
    assert error is None or str(error), error
    if action == "creates_a_space" and reached and case.aws.status(case.stack):
        assert "late" in case.spaces() or "space late" in shown, (number, error)
    again, _ = case.run(actors.aws.url)
    assert again is None or "does not exist" in str(again), f"{number}: {error}\n{again}"
    assert case.aws.status(case.stack) is None
    assert case.domain not in [item["DomainId"] for item in case.sagemaker.list_domains()["Domains"]]
    left = {item["Name"] for item in case.s3.list_buckets()["Buckets"]} & set(case.buckets)
    assert not left or action == "deletes_the_stack", (number, error, again)
    actors.tally.survived += 1
    return answers


@pytest.fixture(scope="module")
def undisturbed(actors: Actors) -> list[Answer]:
    """Return the answers to the calls of a run without an actor."""
    return attempt(actors, "does_nothing", 0)


@pytest.mark.parametrize(
    "action",
    ["deletes_the_stack", "creates_a_space", "creates_a_profile", "protects_the_stack", "stores_an_object"],
)
def test_second_actor_at_every_call(actors: Actors, undisturbed: list[Answer], action: str) -> None:
    """With every action of the actor, destroy succeeds or ends with a message, and a second run completes it.

    An object that destroy has not shown is never deleted while the stack still exists.
    """
    each_effect(undisturbed, lambda number: attempt(actors, action, number))

"""Use the deployer as a library, against the local cloud."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploying.local_aws import ACCOUNT, SAMPLE, SDK, Aws
from deploying.proxy import Proxy
from smtemplates import deploy
from smtemplates.aws.masking import MASK
from smtemplates.errors import Error


@pytest.fixture
def cloud(aws: Aws) -> deploy.Cloud:
    keys = {key.lower(): value for key, value in aws.credentials.items()}
    session = SDK.Session(region_name="us-east-1", **keys)
    return deploy.Cloud(deploy.Connection(endpoint_url=aws.url), session=session)


def request(name: str, **parameters: str) -> deploy.Request:
    settings = deploy.Settings(parameters=parameters)
    return deploy.Request(stack=name, template=deploy.read_template(SAMPLE), settings=settings)


def test_the_life_of_a_stack_without_output(
    aws: Aws, cloud: deploy.Cloud, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program plans, creates, updates, watches and destroys a stack, and nothing is printed."""
    planned = deploy.plan(cloud, request(name))
    assert {change.fate for change in planned.changes} == {"create"}
    assert aws.status(name) is None
    done = deploy.deploy(cloud, request(name))
    assert (done.stack.status, done.changed) == ("CREATE_COMPLETE", True)
    assert deploy.deploy(cloud, request(name)).changed is False
    assert deploy.deploy(cloud, request(name, Prefix="other")).stack.parameters["Prefix"] == "other"
    assert deploy.watch(cloud, name).status == "UPDATE_COMPLETE"
    deploy.destroy(cloud, name, delete_data=True)
    assert aws.status(name) is None
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_the_guard_is_applied_by_default(aws: Aws, cloud: deploy.Cloud, name: str) -> None:
    """A program that allows nothing cannot delete a resource."""
    aws.deployed(name, "CreateNotebook=true")
    without = request(name, CreateNotebook="false")
    with pytest.raises(deploy.RefusedError, match="Notebook"):
        deploy.deploy(cloud, without)
    assert aws.status(name) == "CREATE_COMPLETE"
    done = deploy.deploy(cloud, without, allowed=deploy.Allowed(destructive=True))
    assert done.stack.status == "UPDATE_COMPLETE"


def test_a_reviewer_can_stop_a_deployment(aws: Aws, cloud: deploy.Cloud, name: str) -> None:
    """A program that reads the plan first can reject it: nothing is changed, and no change set remains."""
    seen: list[deploy.Plan] = []

    class Rejecting(deploy.Silent):
        def approve(self, plan: deploy.Plan) -> bool:
            seen.append(plan)
            return False

    with pytest.raises(deploy.StoppedError):
        deploy.deploy(cloud, request(name), reviewer=Rejecting())
    assert [plan.stack for plan in seen] == [name]
    assert aws.status(name) is None


def test_an_operation_is_cancelled_without_a_signal(
    aws: Aws, cloud: deploy.Cloud, name: str, gate: Callable[[], None]
) -> None:
    """One thread cancels the update that another thread follows, and the update is rolled back."""
    aws.deployed(name)

    class Waiting(deploy.Silent):
        def on_event(self, event: object, done: int, total: int) -> None:
            del event, done, total
            if aws.status(name) == "UPDATE_IN_PROGRESS" and not cancelled:
                deploy.cancel(cloud, name)
                cancelled.append(name)
                gate()

    cancelled: list[str] = []
    update = request(name, Gate=f"gate-{name.lower()}", CreateNotebook="true")
    with ThreadPoolExecutor() as threads:
        running = threads.submit(deploy.deploy, cloud, update, reviewer=Waiting())
        with pytest.raises(Error):
            running.result()
    assert cancelled == [name]
    assert aws.status(name) == "UPDATE_ROLLBACK_COMPLETE"
    with pytest.raises(deploy.DeploymentError, match="Only a creation or an update"):
        deploy.cancel(cloud, name)


def test_requests_at_the_same_time_share_no_secrets(cloud: deploy.Cloud, name: str) -> None:
    """Two deployments with one connection mask their own secrets, and not those of the other."""
    names = {f"{name}-{secret}": secret for secret in ("swordfishes", "opensesame")}

    def plan(stack: str) -> deploy.Plan:
        other = next(secret for one, secret in names.items() if one != stack)
        return deploy.plan(cloud, request(stack, Secret=names[stack], Prefix=other))

    with ThreadPoolExecutor() as threads:
        for planned in threads.map(plan, names):
            assert planned.parameters["Secret"] == MASK
            assert planned.parameters["Prefix"] in names.values()


def test_a_submodule_is_imported_without_the_sdk() -> None:
    """The import of the API loads neither boto3 nor troposphere: each name is imported on first use."""
    code = "import sys; from smtemplates.deploy import Request; print({'boto3', 'troposphere'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_requests_do_not_wait_for_the_account_of_others(cloud: deploy.Cloud, through: Aws, proxy: Proxy) -> None:
    """While AWS has not returned the account of one request, another request continues."""
    slow = deploy.Cloud(deploy.Connection(endpoint_url=through.url), session=cloud.session)
    proxy.hold("GetCallerIdentity")
    with ThreadPoolExecutor(1) as threads:
        account = threads.submit(lambda: slow.account)
        assert proxy.arrived.wait(60)
        assert cloud.account == ACCOUNT
        assert not account.done()
        proxy.release()
        assert account.result() == ACCOUNT


def test_temporary_credentials_belong_to_their_own_account(cloud: deploy.Cloud) -> None:
    """The account that was asked for the first credentials is not that of others."""
    assert cloud.account == ACCOUNT
    other = "222233334444"
    temporary = cloud.with_credentials({"AccessKeyId": other, "SecretAccessKey": "test", "SessionToken": "test"})
    assert (temporary.account, cloud.account) == (other, ACCOUNT)

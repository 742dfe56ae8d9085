"""A stack of a run: its request, its connection, and the outputs of other stacks that its parameters need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from smtemplates.aws.connection import Connection
from smtemplates.aws.session import Cloud
from smtemplates.deploy.api import Allowed
from smtemplates.deploy.requests.request import Options, Request
from smtemplates.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Need:
    """An output of another stack that is the value of a parameter.

    `stack` is the name of the stack in AWS, which `cloud` reads. `target` is the name of the target that deploys this
    stack, or None if no target does. `account` is the ID of the account in which the stack must be, or '' for any.
    """

    stack: str
    output: str
    cloud: Cloud
    target: str | None = None
    account: str = ""

    def __str__(self) -> str:
        """Return the need in the form of the configuration file, such as network.VpcId."""
        return f"{self.target or self.stack}.{self.output}"


@dataclass(frozen=True, kw_only=True)
class Target:
    """A stack to deploy. `name` is unique in a run, and at the start of every line on the stack.

    `needs` are the outputs of other stacks by parameter, and `stored` are the names of parameters of Systems Manager.
    `account` is the ID of the account in which the stack must be, or '' for any. A cloud belongs to one target, because
    each target has its own thread.
    """

    name: str
    cloud: Cloud
    request: Request
    needs: Mapping[str, Need] = field(default_factory=dict)
    stored: Mapping[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    allowed: Allowed = field(default_factory=Allowed)
    account: str = ""

    @property
    def stack(self) -> str:
        """The name of the stack in AWS."""
        return self.request.stack

    @property
    def later(self) -> frozenset[str]:
        """The parameters whose values are not in the request."""
        return frozenset({*self.needs, *self.stored})

    def with_values(self, values: Mapping[str, str]) -> Request:
        """Return the request with the values of the parameters that need outputs."""
        settings = self.request.settings
        return replace(self.request, settings=replace(settings, parameters={**settings.parameters, **values}))


def check_accounts(targets: Sequence[Target], *, reads_needs: bool = False) -> None:
    """Check the credentials of every target, and that they belong to the account of its stack, before any other call.

    With `reads_needs`, the stacks whose outputs the targets need are also checked: a stack of the same name in another
    account has other outputs. After their first use, several threads can use credentials at the same time.

    Raises:
        UsageError: They belong to another account, or there are no credentials.
    """
    found: dict[Connection, str] = {}
    checked: set[Connection] = set()
    places = [(target.name, target.cloud, target.account) for target in targets]
    if reads_needs:
        needs = [need for target in targets for need in target.needs.values()]
        places += [(need.target or need.stack, need.cloud, need.account) for need in needs]
    for name, cloud, account in places:
        connection = replace(cloud.connection, region=None)
        if connection not in checked:
            cloud.identity.check()
            checked.add(connection)
        if not account:
            continue
        if connection not in found:
            found[connection] = cloud.account
        if found[connection] != account:
            raise UsageError(
                f"The credentials belong to account {found[connection]}, but stack {name} must be in account "
                f"{account}: use credentials of that account, for example with --profile."
            )

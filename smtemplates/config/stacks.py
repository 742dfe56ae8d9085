"""Turn the tables [stack.NAME] into targets: stacks with their connection, their request, and the values they need."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from smtemplates.aws.connection import Connection
from smtemplates.aws.session import Cloud
from smtemplates.config import templates
from smtemplates.config.check import parameter_problems
from smtemplates.config.problems import Problem, unknown
from smtemplates.config.project import Project
from smtemplates.config.stack_requests import SSM, bucket_of, environment_problem, reads_itself, text_of
from smtemplates.config.tables import StackTable
from smtemplates.config.values import Dynamic, Environment, Literal, OutputOf
from smtemplates.deploy.groups.target import Need, Target
from smtemplates.deploy.requests import template as deployer
from smtemplates.deploy.requests.parameters import Settings
from smtemplates.deploy.requests.request import Options, Request
from smtemplates.deploy.requests.stack_policy import read_stack_policy
from smtemplates.deploy.requests.template import Template
from smtemplates.errors import Error, UsageError

NO_TEMPLATE = Template(body="", content={})


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """The options of the command line, which take precedence over the file.

    `connection` contains the profile and role of the command line, and `regions` its Regions, which replace those of
    the tables. `change` returns a request with the other options, and `template` is the template of the
    command line, if there is one.
    """

    connection: Connection
    regions: Sequence[str] = ()
    change: Callable[[Request], Request] = lambda request: request
    template: Template | None = None


def find_stacks(project: Project, names: Sequence[str]) -> list[StackTable]:
    """Return the tables of stacks by the name of the table or the name of the stack; all tables without names.

    Raises:
        UsageError: There is no such table. The message contains the nearest name.
    """
    if not names:
        return list(project.stacks.values())
    by_stack_name = {table.stack_name: table for table in project.stacks.values()}
    found = {}
    for name in names:
        table = project.stacks.get(name) or by_stack_name.get(name)
        if table is None:
            sentence = unknown("stack", name, project.stacks)
            raise UsageError(
                f"In {project.path.name}, {sentence} To use a stack that is not in the file, add --no-config."
            )
        found[table.name] = table
    return list(found.values())


class Builder:
    """Builds the targets of a project.

    All connections with the same profile and role share their credentials, and each target has its own session, because
    each target has its own thread.
    """

    def __init__(self, project: Project, overrides: Overrides) -> None:
        self._project = project
        self._overrides = overrides
        self._clouds: dict[Connection, Cloud] = {}
        self._regions_found: dict[Connection, str] = {}
        self._templates: dict[str, templates.Built] = {}

    def targets(self, tables: Sequence[StackTable], *, deploys: bool) -> list[Target]:
        """Return a target for each Region of each table. Their templates are built only if `deploys` is True.

        Raises:
            UsageError: Keys of the tables have problems. The message has a line for each.
        """
        problems: list[Problem] = []
        found: list[tuple[StackTable, str, templates.Built | None]] = []
        for table in tables:
            built: templates.Built | None = None
            if deploys:
                try:
                    built = self._built(table)
                    problems += parameter_problems(self._project, table, built)
                except Error as error:
                    problems.append(self._project.problem(table.path("template"), str(error)))
                    continue
            found += [(table, region, built) for region in self._regions(table)]
        self._project.check(problems)
        self._check_names([(table, region) for table, region, _ in found])
        targets = []
        for table, region, built in found:
            target, more = self._target(table, region, built)
            problems += more
            targets.append(target)
        self._project.check(problems)
        return targets

    def _regions(self, table: StackTable) -> Sequence[str]:
        """Return the Regions of the command line, of a table, or of the environment."""
        return self._overrides.regions or table.regions or (self._default_region(self._connection(table)),)

    def _default_region(self, connection: Connection) -> str:
        """Return the Region of the environment or the profile."""
        if connection not in self._regions_found:
            self._regions_found[connection] = Cloud(connection).region
        return self._regions_found[connection]

    def _check_names(self, places: Sequence[tuple[StackTable, str]]) -> None:
        """Check that no two tables are the same stack."""
        seen: dict[tuple[Connection, str, str], str] = {}
        for table, region in places:
            other = seen.setdefault((self._connection(table), region, table.stack_name), table.name)
            if other != table.name:
                sentence = f"[stack.{other}] is the same stack: {table.stack_name} in {region}."
                self._project.check([self._project.problem(("stack", table.name), sentence)])

    def _name(self, table: StackTable, region: str) -> str:
        """Return the name of a target: that of the table, with the Region if there are several."""
        several = any(len(regions or ()) > 1 for regions in (table.regions, self._overrides.regions))
        return f"{table.name}@{region}" if several else table.name

    def _connection(self, table: StackTable) -> Connection:
        """Return the connection of a table, without a Region."""
        given = self._overrides.connection
        role = given.assume_role or table.role
        return replace(given, region=None, profile=given.profile or table.profile, assume_role=role)

    def _cloud(self, table: StackTable, region: str) -> Cloud:
        """Return a new cloud for a table. The clouds of a connection share their credentials."""
        connection = self._connection(table)
        if connection not in self._clouds:
            self._clouds[connection] = Cloud(replace(connection, region=region))
        return self._clouds[connection].again(region)

    def _built(self, table: StackTable) -> templates.Built:
        if self._overrides.template is not None:
            return templates.Built(name="", body=dict(self._overrides.template.content))
        if table.template not in self._templates:
            self._templates[table.template] = templates.of_stack(self._project, table)
        return self._templates[table.template]

    def _target(self, table: StackTable, region: str, built: templates.Built | None) -> tuple[Target, list[Problem]]:
        cloud = self._cloud(table, region)
        declared = None if built is None else deployer.Template(body="", content=built.body).parameters
        values = table.parameters if declared is None else table.parameters_of(declared)
        problems: list[Problem] = []
        known: dict[str, str] = {}
        needs: dict[str, Need] = {}
        stored: dict[str, str] = {}
        for name, value in values.items():
            if isinstance(value, OutputOf):
                needs[name] = self._need(table, value, cloud.region)
                problems += [
                    self._problem(table, name, text) for text in self._need_problems(table, value, cloud.region)
                ]
            elif isinstance(value, Environment):
                known[name] = os.environ.get(value.name, "")
                if declared is not None and (sentence := environment_problem(value.name, declared, name)):
                    problems.append(self._problem(table, name, sentence))
            elif isinstance(value, Dynamic) and value.reference.startswith(SSM) and not reads_itself(declared, name):
                stored[name] = value.reference.removeprefix(SSM).removesuffix("}}")
            elif isinstance(value, Dynamic):
                known[name] = text_of(value, declared, name)
            elif isinstance(value, Literal):
                known[name] = value.text
        request = self._request(table, built, known)
        chosen = {*request.settings.parameters, *request.settings.previous, *request.reset}  # on the command line
        target = Target(
            name=self._name(table, region),
            cloud=cloud,
            request=request,
            needs={key: need for key, need in needs.items() if key not in chosen},
            stored={key: text for key, text in stored.items() if key not in chosen},
            options=self._options(table),
            account=table.account or "",
        )
        return target, problems

    def _problem(self, table: StackTable, parameter: str, sentence: str) -> Problem:
        return self._project.problem(table.path("parameters", parameter), sentence)

    def _need(self, table: StackTable, value: OutputOf, own_region: str) -> Need:
        """Return the need of a parameter. A stack that is not in the file must be in the account of this one."""
        region = value.region or own_region
        producer = self._project.stacks.get(value.stack)
        return Need(
            stack=producer.stack_name if producer else value.stack,
            output=value.output,
            cloud=self._cloud(producer or table, region),
            target=self._name(producer, region) if producer else None,
            account=(producer or table).account or "",
        )

    def _need_problems(self, table: StackTable, value: OutputOf, own_region: str) -> Iterator[str]:
        """Yield a sentence for each reason for which a table cannot use an output."""
        region = value.region or own_region
        producer = self._project.stacks.get(value.stack)
        if producer is None:
            if value.account not in (None, table.account):
                yield (
                    f"there is no table [stack.{value.stack}], so no credentials for account {value.account} are "
                    "known. Add the table, or remove account."
                )
            return
        if value.account not in (None, producer.account):
            yield f"the account of [stack.{producer.name}] is {producer.account or 'not set'}."
        elif value.account is None and None is not producer.account != table.account is not None:
            yield (
                f'[stack.{producer.name}] is in another account. Add account = "{producer.account}" to the reference.'
            )
        if not self._overrides.regions and region not in self._regions(producer):
            yield (
                f"[stack.{producer.name}] is not in the Region {region}. Add region to the reference, or the Region to "
                "that stack."
            )

    def _request(self, table: StackTable, built: templates.Built | None, known: Mapping[str, str]) -> Request:
        template = NO_TEMPLATE if built is None else self._overrides.template or templates.as_template(built)
        request = Request(
            stack=table.stack_name,
            template=template,
            settings=Settings(parameters=known, tags=table.tags or {}, all_tags=table.tags is not None),
            notification_arns=table.topics,
            rollback_alarms=table.alarms,
            monitoring_minutes=table.monitoring_minutes,
            on_failure=table.on_failure,
            staging=bucket_of(table),
            project=self._project.name,
        )
        return self._overrides.change(request)

    def _options(self, table: StackTable) -> Options:
        policy = None
        if table.stack_policy is not None:
            policy = read_stack_policy(self._project.file(table.stack_policy))
        return Options(protect=table.termination_protection, stack_policy=policy)

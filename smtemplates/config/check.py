"""Check a whole configuration file without AWS: build its templates, and check its stacks against them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from smtemplates.config import templates
from smtemplates.config.problems import Problem, unknown
from smtemplates.config.project import Project
from smtemplates.config.reader import read_draft
from smtemplates.config.stack_requests import needed_stacks
from smtemplates.config.tables import StackTable
from smtemplates.config.templates import Built
from smtemplates.config.values import Literal, OutputOf
from smtemplates.deploy.groups.order import CycleError, cycle
from smtemplates.deploy.requests.stack_policy import read_stack_policy
from smtemplates.deploy.requests.template import Template
from smtemplates.deploy.requests.template import check as check_values
from smtemplates.errors import Error
from smtemplates.evaluate.sections import can_grow, entries


def check(path: Path) -> Project:
    """Check a configuration file, its templates and its stacks, and return the project. This runs its code.

    A part of the file that has a problem is left out of the further checks, so that no problem is only the result of
    another one.

    Raises:
        UsageError: The file cannot be read, or has problems. The message has a line for each, in their order.
    """
    draft = read_draft(path)
    project = draft.project
    found = [*draft.problems]
    built: dict[str, Built | None] = dict.fromkeys(draft.incomplete)
    for name in project.templates:
        result = templates.attempt(project, name, complete=name not in draft.incomplete)
        if isinstance(result, list):
            found += result
        built[name] = None if isinstance(result, list) else result
    for stack in project.stacks.values():
        if stack.template not in built:
            try:
                built[stack.template] = templates.of_stack(project, stack)
            except Error as error:
                built[stack.template] = None
                found.append(project.problem(stack.path("template"), str(error)))
        found += _stack_problems(project, stack, built[stack.template])
    if draft.has_all_stacks:
        found += _unused_defaults(project, built)
    project.check([*found, *_dependency_problems(project, built), *_cycles(project)])
    return project


def _stack_problems(project: Project, stack: StackTable, built: Built | None) -> Iterator[Problem]:
    """Yield the problems of a stack; `built` is its template, or None if that cannot be built."""
    if stack.stack_policy is not None:
        try:
            read_stack_policy(project.file(stack.stack_policy))
        except Error as error:
            yield project.problem(stack.path("stack_policy"), str(error))
    if built is not None:
        yield from parameter_problems(project, stack, built)


def parameter_problems(project: Project, stack: StackTable, built: Built) -> Iterator[Problem]:
    """Yield the problems of the parameters of a stack: unknown names, invalid values, and values of NoEcho parameters.

    References have no values yet. The Rules of the template are not checked, because a stack can have further values.
    """
    template = Template(body="", content=built.body)
    declared = entries(built.body, "Parameters")
    values: dict[str, str] = {}
    for name, value in stack.parameters_of(declared).items():
        path = stack.path("parameters", name)
        if name not in declared:
            if not can_grow(built.body, "Parameters"):
                yield project.problem(path, unknown("parameter", name, declared))
        elif isinstance(value, Literal) and name in template.secret_names:
            yield project.problem(
                path, "this value is secret (NoEcho), so it must not be in this file. Use a reference."
            )
        elif isinstance(value, Literal):
            values[name] = value.text
    for name, text in values.items():
        for sentence in check_values(template, {name: text}):
            yield project.problem(stack.path("parameters", name), sentence)


def _unused_defaults(project: Project, built: dict[str, Built | None]) -> Iterator[Problem]:
    """Yield the parameters of [defaults] that no template of a stack has, unless a template cannot be built."""
    inherited = {keys[1] for stack in project.stacks.values() for keys in stack.inherited if keys[0] == "parameters"}
    bodies = [template.body for stack in project.stacks.values() if (template := built[stack.template])]
    if len(bodies) < len(project.stacks) or any(can_grow(body, "Parameters") for body in bodies):
        return
    declared = list(dict.fromkeys(name for body in bodies for name in entries(body, "Parameters")))
    for name in sorted(inherited - {*declared}):
        yield project.problem(("defaults", "parameters", name), unknown("parameter", name, declared))


def _dependency_problems(project: Project, built: dict[str, Built | None]) -> Iterator[Problem]:
    """Yield the problems of references to outputs: the template of the other stack lacks it.

    A stack that is not in the file can have any output.
    """
    for stack in project.stacks.values():
        template = built[stack.template]
        declared = entries(template.body, "Parameters") if template else stack.parameters
        for name, value in stack.parameters_of(declared).items():
            producer = project.stacks.get(value.stack) if isinstance(value, OutputOf) else None
            other = built[producer.template] if producer else None
            if isinstance(value, OutputOf) and other and not can_grow(other.body, "Outputs"):
                outputs = entries(other.body, "Outputs")
                if value.output not in outputs:
                    yield project.problem(stack.path("parameters", name), unknown("output", value.output, outputs))


def _cycles(project: Project) -> Iterator[Problem]:
    """Yield a problem for each cycle of stacks that need outputs of each other, at the parameter that closes it."""
    needed = needed_stacks(project)
    while path := cycle(needed):
        user, producer = path[-2:]
        stack = project.stacks[user]
        name = next(
            name for name, value in stack.parameters.items() if isinstance(value, OutputOf) and value.stack == producer
        )
        yield project.problem(stack.path("parameters", name), str(CycleError(path)))
        needed[user] = tuple(other for other in needed[user] if other != producer)

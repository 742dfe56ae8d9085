"""Show the status and outputs of stacks as text, JSON or commands for a shell."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from smtemplates.console.columns import beside, folded
from smtemplates.deploy.operations import states
from smtemplates.deploy.operations.stack import Output, Stack
from smtemplates.deploy.printing import results


def outputs(stack: Stack, *, longest: int | None = None) -> str:
    """Return the outputs of a stack as text; only values of at most `longest` characters if that is given."""
    if not stack.outputs:
        return f"Stack {stack.name} has no outputs."
    shown = {
        name: output.value.rstrip()
        for name, output in sorted(stack.outputs.items())
        if longest is None or len(output.value) <= longest
    }
    width = max((len(name) for name in shown), default=0)
    return "\n".join(line for name, value in shown.items() for line in beside(f"{name:<{width}}  ", value, 2))


def outputs_json(found: Mapping[str, Output]) -> str:
    """Return outputs as JSON: an object of names and values, and the version of the schema.

    If an output has the name of the field `schema`, its value is only in the status of the stack.
    """
    return results.as_json({name: output.value for name, output in sorted(found.items()) if name != "schema"})


def outputs_env(found: Mapping[str, Output]) -> str:
    """Return outputs as export commands for a shell, quoted for every value."""
    return "\n".join(f"export {name}={shlex.quote(output.value)}" for name, output in sorted(found.items()))


def status(stack: Stack) -> str:
    """Return the status and the parameters of a stack as text."""
    lines = folded(f"{stack.name}  {stack.status}" + (f"  {stack.reason}" if stack.reason else ""), 2)
    lines += [f"  {line}" for text in _guidance(stack) for line in folded(text, 2)]
    lines += [f"  {stack.id}", f"  termination protection is {'on' if stack.protected else 'off'}"]
    for name, value in sorted(stack.parameters.items()):
        lines += beside(f"  {name} = ", value, 6)
    return "\n".join(lines)


def _guidance(stack: Stack) -> list[str]:
    """Return a sentence on the status of a stack, and one for each command that works in it."""
    commands = states.next_commands(stack.name, stack.status, own=stack.created_by_deployer)
    return [states.description(stack.name, stack.status), *commands]


def status_json(stack: Stack, stack_sets: Sequence[Mapping[str, Any]]) -> str:
    """Return the status of a stack and its stack sets as JSON."""
    return results.as_json({**asdict(stack), "guidance": _guidance(stack), "stack_sets": stack_sets})

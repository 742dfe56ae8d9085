"""Release resources from Terraform without deleting them, and return them.

A removed block cannot contain the key of an instance. If Terraform keeps some instances of a resource, the others can
be released only with terraform state rm.

Source: https://developer.hashicorp.com/terraform/language/block/removed
Source: https://developer.hashicorp.com/terraform/language/block/import
Source: https://developer.hashicorp.com/terraform/cli/commands/state/rm
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from smtemplates.adopt.hcl import quoted
from smtemplates.adopt.kinds import KINDS
from smtemplates.adopt.state import Instance

_REMOVED = """\
removed {{
  from = {address}

  lifecycle {{
    destroy = false
  }}
}}
"""
_IMPORT = """\
import {{
  to = {address}
  id = {id}
}}
"""


@dataclass(frozen=True, kw_only=True)
class Release:
    """How Terraform releases resources: removed blocks, commands with the same effect, and blocks for the return.

    `partial` are the resources of which Terraform keeps some instances, so that only a command can release the others.
    """

    removed: str
    commands: tuple[str, ...]
    imports: str
    partial: tuple[str, ...]


def release(instances: Sequence[Instance], handed_over: Sequence[Instance]) -> Release:
    """Return how Terraform releases exactly the instances that are handed over."""
    released = {one.label for one in handed_over}
    kept = {one.block for one in instances if one.label not in released}
    blocks = list(dict.fromkeys(one.block for one in handed_over))
    return Release(
        removed="\n".join(_REMOVED.format(address=block) for block in blocks if block not in kept),
        commands=tuple(f"terraform state rm {shlex.quote(one.address)}" for one in handed_over),
        imports="\n".join(_imports(handed_over)),
        partial=tuple(block for block in blocks if block in kept),
    )


def _imports(handed_over: Sequence[Instance]) -> Iterator[str]:
    for one in handed_over:
        if identifier := import_id(one):
            yield _IMPORT.format(address=one.address, id=quoted(identifier))
        else:
            yield f"# {one.address}: see the documentation of {one.type} for the ID\n"


def import_id(one: Instance) -> str:
    """Return the ID with which Terraform imports an instance; '' if the state does not contain it."""
    pattern = KINDS[one.type].import_id
    names = re.findall(r"{(\w+)}", pattern)
    values = {name: one.text(name) for name in names}
    return pattern.format(**values) if names and all(values.values()) else ""

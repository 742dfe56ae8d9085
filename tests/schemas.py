"""Check files with the schemas that check-jsonschema contains."""

from __future__ import annotations

from pathlib import Path

from check_jsonschema import main
from click.testing import CliRunner


def check_schema(schema: str, *paths: Path) -> None:
    """Fail unless the files follow a schema. This runs the command in this process, because its start takes longest."""
    done = CliRunner().invoke(main, ["--builtin-schema", schema, *map(str, paths)])
    assert done.exit_code == 0, done.output

"""The command line: what is done with its arguments, and printing."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from smtemplates.aws_data.regions import ALL_REGIONS, DEFAULT_REGIONS, UNKNOWN_REGIONS
from smtemplates.cli.parser import parser
from smtemplates.console.files import make, read, why, write
from smtemplates.console.streams import open_streams
from smtemplates.core.assemble import source_files
from smtemplates.errors import Error, MissingError, UsageError
from smtemplates.linting.linter import Finding, gathered, lint
from smtemplates.policy import judge
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import ordered, render
from smtemplates.templates.registry import TEMPLATES, definition
from smtemplates.templates.workspace import template as workspace

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; a user's mistake is one sentence on standard error."""
    open_streams("utf-8")  # as files are, whatever the terminal is set to
    options = parser().parse_args(arguments)
    try:
        code = COMMANDS[options.command](options)
        sys.stdout.flush()
    except Error as error:
        print(f"smtemplates: {error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:
        if error.filename:  # standard output has no name
            print(f"smtemplates: {error.filename}: {why(error)}.", file=sys.stderr)
            return UsageError.exit_code
        # Python must not complain about it on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # whoever read our output has seen enough
            print(f"smtemplates: Cannot write to standard output: {why(error)}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("smtemplates: interrupted.", file=sys.stderr)
        return INTERRUPTED
    return code


def _render(options: argparse.Namespace) -> int:
    if options.no_lint and options.policy:  # who names rules counts on them
        raise UsageError(f"--no-lint judges by no policy, nor by {options.policy[0]}: leave one out.")
    names = list(dict.fromkeys(options.names or TEMPLATES))
    for name in names:
        if name not in TEMPLATES:
            raise UsageError(f"There is no template {name!r}; choose from {', '.join(TEMPLATES)}.")
    if not options.format:
        options.format = "json" if options.output.endswith(".json") and _is_file(Path(options.output)) else "yaml"
    paths = [_path(options, name, len(names)) for name in names]
    wrong = [_render_one(options, name, path) for name, path in zip(names, paths, strict=True)]
    if not options.no_lint:
        _tell_unknown(options)
    return int(any(wrong))


def _render_one(options: argparse.Namespace, name: str, path: Path | None) -> bool:
    """Render, write or compare, and validate one template; tell whether anything is wrong."""
    built = definition(name, options.without)
    template = built.template()
    text = render(template, format=options.format)
    wrong = options.check and path is not None and _is_stale(path, text)
    if not options.no_lint:  # first: an unknown Region or a broken policy is refused, and nothing changed
        wrong |= _report(options, text, str(path or name), source_files(built.constructs), sys.stderr)
    if path is None:
        sys.stdout.write(text)
    elif not options.check:
        make(path.parent)
        write(path, text)
    if path and not wrong:
        state = (
            "is current"
            if options.check
            else f"{len(template.resources)} resources, {len(template.parameters)} parameters"
        )
        print(f"{path}: {state}{'' if options.no_lint else ', no finding'}", file=sys.stderr)
    return wrong


def _lint(options: argparse.Namespace) -> int:
    wrong = False
    for file in options.files:
        text = _input() if file == "-" else read(Path(file))
        _load(text, file)
        found = _report(options, text, "<stdin>" if file == "-" else file, {}, sys.stdout)
        if not found:
            print(f"{file}: no finding", file=sys.stderr)
        wrong |= found
    _tell_unknown(options)
    return int(wrong)


def _input() -> str:
    try:
        return sys.stdin.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"Cannot read standard input: {why(error)}.") from error


def _explore(options: argparse.Namespace) -> int:
    from smtemplates.pages.explorer import explore  # noqa: PLC0415  rendering need not wait for it

    page = explore(ordered(workspace.build()), "templates/workspace.yaml")
    if options.output == "-":
        sys.stdout.write(page)
        return 0
    write(Path(options.output), page)
    print(f"{options.output}: open it in a browser; it needs no network", file=sys.stderr)
    return 0


def _reference(options: argparse.Namespace) -> int:
    """Write the reference and the README's picture, or compare them with the files."""
    from smtemplates.reference import document as reference  # noqa: PLC0415  it imports cfn-lint, which rendering can do without

    texts = {"README.md": reference.document(), reference.PICTURE: reference.picture()}
    stale = False
    for name, text in texts.items():
        path = Path("templates") / name
        if not options.check:
            write(path, text)
        elif _is_stale(path, text):
            stale = True
            continue
        print(f"{path}: {'is current' if options.check else 'written'}", file=sys.stderr)
    return int(stale)


def _load(text: str, file: str) -> None:
    """Refuse what cannot be read with a better message than cfn-lint's, and what would crash its parser."""
    try:
        load(text)
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error


def _report(
    options: argparse.Namespace, text: str, name: str, sources: Mapping[tuple[str, str], str], to: TextIO
) -> bool:
    """Validate a template and print each finding with the Python file to mend; tell whether there is any."""
    regions = ALL_REGIONS if options.all_regions else options.region or DEFAULT_REGIONS
    findings = lint(text, name=name, regions=regions, cache=not options.no_cache)
    if options.policy or not options.no_policy:
        findings += _judge(options, text, name)
    for finding in gathered(replace(finding, source=_origin(finding, sources)) for finding in findings):
        print(finding, file=to)
    return bool(findings)


def _tell_unknown(options: argparse.Namespace) -> None:
    """Say for which of the Regions asked about a template was validated as for us-east-1."""
    asked = UNKNOWN_REGIONS if options.all_regions else options.region or ()
    if unknown := ", ".join(region for region in asked if region in UNKNOWN_REGIONS):
        print(f"{unknown}: validated as us-east-1, for cfn-lint has no schemas of their own", file=sys.stderr)


def _judge(options: argparse.Namespace, text: str, name: str) -> list[Finding]:
    """Judge a template by policy; where that cannot be, say so, and fail if the user named a policy."""
    try:
        return judge(text, name=name, policies=options.policy, ours=not options.no_policy, cache=not options.no_cache)
    except UsageError:
        raise
    except Error as error:
        if options.policy:
            raise UsageError(f"{name}: not judged by policy: {error}") from error
        options.no_policy = isinstance(error, MissingError)  # it is for all templates, so it is said once
        hint = "" if options.no_policy else " (--no-policy leaves it out)"
        print(f"{name}: not judged by policy: {error}{hint}", file=sys.stderr)
        return []


def _origin(finding: Finding, sources: Mapping[tuple[str, str], str]) -> str:
    """Name the Python file that built what a finding is about, and how to leave an optional feature out."""
    source = sources.get(finding.logical, "") if finding.logical else ""
    feature = workspace.feature_of(source.removesuffix(".py").replace("/", "."))
    return f"{source}; --without {feature} leaves it out" if feature else source


def _path(options: argparse.Namespace, name: str, count: int) -> Path | None:
    """Say where a template goes: a file as named, else a file of the template's name in the folder."""
    if options.output == "-" and options.check:
        raise UsageError("--check compares files: give a folder or a file with -o, not '-'.")
    output = Path(options.output)
    if not output.exists() and not output.parent.is_dir():
        raise UsageError(f"There is no folder {output.parent}: -o makes what it names, and nothing above that.")
    if options.output == "-" or _is_file(output):
        if count > 1:
            raise UsageError(f"One file cannot hold {count} templates: name one, or give a folder with -o.")
        return None if options.output == "-" else output
    return output / f"{name}.{options.format}"


def _is_file(output: Path) -> bool:
    """Tell whether -o names a file, which may not be there yet, or a folder."""
    return output.suffix in {".yaml", ".yml", ".json"} and not output.is_dir()


def _is_stale(path: Path, text: str) -> bool:
    on_disk = read(path) if path.exists() else ""
    if on_disk == text:
        return False
    lines = difflib.unified_diff(
        on_disk.splitlines(keepends=True), text.splitlines(keepends=True), str(path), f"{path} (as rendered now)"
    )
    sys.stdout.writelines(lines)
    print(f"{path}: stale; render it again and commit the result.", file=sys.stderr)
    return True


COMMANDS = {"render": _render, "lint": _lint, "explore": _explore, "reference": _reference}

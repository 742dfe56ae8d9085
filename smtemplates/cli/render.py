"""The command `render`: build the templates, validate them, and write them or compare them with the files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from smtemplates.cli.comparison import is_stale
from smtemplates.cli.findings import check_findings_options, format_of, print_findings
from smtemplates.cli.lint import check, report
from smtemplates.console.columns import counted
from smtemplates.console.files import create_folder, read, write
from smtemplates.core.assemble import Definition, source_files
from smtemplates.core.places import chosen
from smtemplates.errors import UsageError
from smtemplates.linting.formats.run import Checked
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import ordered, render
from smtemplates.templates.registry import PLACES, TEMPLATES, definition


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A template's text with the file that it belongs in, or no file for standard output."""

    name: str
    path: Path | None
    text: str
    size: str
    """Numbers of resources and parameters, in words."""
    sources: Mapping[tuple[str, str], str]
    """The Python file that built each (section, name) of the template."""


def render_templates(options: argparse.Namespace) -> int:
    """Build and validate all requested templates, then write or compare them; return 1 for a finding or stale file.

    Nothing is written unless every template could be built and validated. Findings do not prevent writing.
    """
    if options.no_lint and options.policy:  # a user who names a policy file relies on it
        raise UsageError(
            f"--no-lint turns off the policy check, so {options.policy[0]} would not be used. "
            "Remove --no-lint or --policy."
        )
    special = options.keep is not None or bool(options.fix or options.default or options.allow)
    names = _names(options, special=special)
    if not options.format:
        options.format = "json" if options.output.endswith(".json") and _is_file(Path(options.output)) else "yaml"
    paths = [_path(options, name, len(names)) for name in names]
    _check_findings(options, paths)
    if special:
        templates = [_specialize(options, names[0], paths[0])]
    else:
        templates = [_build(options, name, path) for name, path in zip(names, paths, strict=True)]
    checked = {} if options.no_lint else {template.name: _check(options, template) for template in templates}
    wrong = {name for name, one in checked.items() if one.violations}
    if options.check:
        wrong |= {template.name for template in templates if template.path and is_stale(template.path, template.text)}
    else:
        for template in templates:
            _write(template)
    for template in templates:
        if template.path and template.name not in wrong:
            state = "up to date" if options.check else template.size
            words = [state, *([] if options.no_lint else [str(checked[template.name])])]
            print(f"{template.path}: {', '.join(words)}", file=sys.stderr)
    if not options.no_lint:
        report(options, list(checked.values()))
    return int(bool(wrong))


def _names(options: argparse.Namespace, *, special: bool) -> list[str]:
    """Return the names of the templates to render. A specialization has one name, and needs an output file.

    Raises:
        UsageError: A name is unknown, or the specialization is not clear.
    """
    if special and len(options.names) + bool(options.file) != 1:
        raise UsageError("A specialization needs one template. Specify one NAME, or a file with --from.")
    if special and not (options.output == "-" or _is_file(Path(options.output))):
        raise UsageError("Specify the file of the specialized template with -o, for example -o company.yaml.")
    if options.file and not special:
        raise UsageError("--from requires --keep, --fix, --default or --allow. To validate a template, use lint.")
    if options.file and options.without:
        raise UsageError("--without leaves out features of templates of this package. Remove --without or --from.")
    for name in options.names:
        if name not in TEMPLATES:
            raise UsageError(f"There is no template {name!r}. Choose from {', '.join(TEMPLATES)}.")
    names = [options.file] if options.file else list(dict.fromkeys(options.names or TEMPLATES))
    chosen({key: number for name in names for key, number in PLACES.get(name, {}).items()}, dict(options.places))
    return names


def _specialize(options: argparse.Namespace, name: str, path: Path | None) -> Rendered:
    """Build the text of a specialized template, and report everything that was fixed and removed."""
    # imported here because other commands need no evaluation
    specialization: Any = import_module("smtemplates.cli.specialization")
    choices = specialization.choices_of(options)
    if options.file:
        content, sources = _load(name), {}
    else:
        defined = _definition(options, name)
        content, sources = ordered(defined.template()), source_files(defined.constructs)
    special = specialization.specialization(content, choices)
    for line in specialization.report_of(special):
        print(line, file=sys.stderr)
    return Rendered(
        name=name,
        path=path,
        text=render(special.template, format=options.format),
        size=_size(special.template["Resources"], special.template.get("Parameters", {})),
        sources=sources,
    )


def _definition(options: argparse.Namespace, name: str) -> Definition:
    places = {key: number for key, number in options.places if key in PLACES.get(name, ())}
    return definition(name, options.without, places)


def _load(file: str) -> dict[str, Any]:
    try:
        return load(read(Path(file)))
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from error


def _size(resources: Mapping[str, object], parameters: Mapping[str, object]) -> str:
    return f"{counted(len(resources), 'resource')}, {counted(len(parameters), 'parameter')}"


def _build(options: argparse.Namespace, name: str, path: Path | None) -> Rendered:
    """Build the text of one template."""
    defined = _definition(options, name)
    template = defined.template()
    return Rendered(
        name=name,
        path=path,
        text=render(template, format=options.format),
        size=_size(template.resources, template.parameters),
        sources=source_files(defined.constructs),
    )


def _check(options: argparse.Namespace, template: Rendered) -> Checked:
    """Validate one template and print its findings."""
    checked = check(options, template.text, str(template.path or template.name), template.sources)
    print_findings(options, checked, sys.stderr)
    return checked


def _check_findings(options: argparse.Namespace, paths: Sequence[Path | None]) -> None:
    """Check the options of findings.

    Raises:
        UsageError: There is no validation, or the findings would be written into a template.
    """
    if options.no_lint and (options.findings_format or options.findings_output):
        raise UsageError("--no-lint turns off the validation, so there are no findings. Remove --no-lint.")
    if options.output == "-" and not options.findings_output and format_of(options) != "text":
        raise UsageError("Standard output receives the template. Specify a file for findings with --findings-output.")
    check_findings_options(options, [path for path in paths if path])


def _write(template: Rendered) -> None:
    """Write one template to its file or to standard output."""
    if template.path is None:
        sys.stdout.write(template.text)
        return
    create_folder(template.path.parent)
    write(template.path, template.text)


def _path(options: argparse.Namespace, name: str, count: int) -> Path | None:
    """Return the file that -o names, or a file with the template's name in the folder that -o names."""
    if options.output == "-" and options.check:
        raise UsageError("--check compares files. Specify a folder or a file with -o, not '-'.")
    output = Path(options.output)
    if not output.exists() and not output.parent.is_dir():
        raise UsageError(f"There is no folder {output.parent}. -o creates the folder that it names, but no parents.")
    if options.output == "-" or _is_file(output):
        if count > 1:
            raise UsageError(f"One file cannot contain {count} templates. Specify one template, or a folder with -o.")
        return None if options.output == "-" else output
    return output / f"{name}.{options.format}"


def _is_file(output: Path) -> bool:
    """Return whether -o names a file, which may not exist yet, and not a folder."""
    return output.suffix in {".yaml", ".yml", ".json"} and not output.is_dir()

"""The command `render`: build the templates, validate them, and write them or compare them with the files.

The modules of the validation and of --check are imported in functions, because --no-lint does not need them.
"""

# ruff: noqa: PLC0415

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smtemplates.cli.config import project_of
from smtemplates.config.project import DEFAULT_OUTPUT, Project
from smtemplates.config.templates import Built, check_name, read_template, resolve, source_of
from smtemplates.console.columns import counted
from smtemplates.console.files import create_folder, write
from smtemplates.core.places import chosen
from smtemplates.errors import UsageError
from smtemplates.synth.declarations import entries
from smtemplates.synth.renderer import render
from smtemplates.templates.registry import PLACES, SUFFIXES, TEMPLATES

if TYPE_CHECKING:
    from smtemplates.linting.formats.run import Checked


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
    policies: Sequence[Path] = ()


def render_templates(options: argparse.Namespace) -> int:
    """Build and validate all requested templates, then write or compare them; return 1 for a finding or stale file.

    Nothing is written unless every template could be built and validated. Findings do not prevent writing.
    """
    if options.no_lint and options.policy:  # a user who names a policy file relies on it
        raise UsageError(
            f"--no-lint turns off the policy check, so {options.policy[0]} would not be used. "
            "Remove --no-lint or --policy."
        )
    project = None if options.file and not options.config else project_of(options)
    names = _names(options, project)
    output = _output(options, project)
    if not options.format:
        options.format = "json" if str(output).endswith(".json") and _is_file(output) else "yaml"
    paths = [_path(options, output, name, len(names)) for name in names]
    _check_findings(options, paths)
    templates = [
        _rendered(options, _build(options, project, name), path) for name, path in zip(names, paths, strict=True)
    ]
    checked = {} if options.no_lint else _check(options, templates)
    wrong = {name for name, one in checked.items() if one.violations}
    if options.check:
        from smtemplates.cli.comparison import is_stale

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
        from smtemplates.cli.validation import report

        report(options, list(checked.values()))
    return int(bool(wrong))


def _is_special(options: argparse.Namespace) -> bool:
    """Return whether the options specialize a template."""
    return options.keep is not None or bool(options.fix or options.default or options.allow)


def _names(options: argparse.Namespace, project: Project | None) -> list[str]:
    """Return the names of the templates to render. A specialization has one name, and needs an output file.

    Without names, these are the templates of the configuration file, or all templates of smtemplates.

    Raises:
        UsageError: A name is unknown, or the specialization is not clear.
    """
    special, output = _is_special(options), options.output or ""
    if special and len(options.names) + bool(options.file) != 1:
        raise UsageError("A specialization needs one template. Specify one NAME, or a file with --from.")
    if special and not (output == "-" or _is_file(Path(output))):
        raise UsageError("Specify the file of the specialized template with -o, for example -o company.yaml.")
    if options.file and not special:
        raise UsageError("--from requires --keep, --fix, --default or --allow. To validate a template, use lint.")
    if options.file and options.without:
        raise UsageError("--without leaves out features of templates of this package. Remove --without or --from.")
    for name in options.names:
        check_name(name, project)
    names = options.names or (project and project.templates) or TEMPLATES
    names = [options.file] if options.file else list(dict.fromkeys(names))
    chosen({key: number for name in names for key, number in _lists(project, name).items()}, dict(options.places))
    return names


def _lists(project: Project | None, name: str) -> Mapping[str, int]:
    """Return the lists of a template whose number of places can be chosen."""
    return PLACES.get(source_of(name, project), {})


def _build(options: argparse.Namespace, project: Project | None, name: str) -> Built:
    """Build a template, specialize it, and report everything that was fixed and removed."""
    if options.file:
        built = Built(name=name, body=read_template(Path(name)))
    else:
        places = {key: number for key, number in options.places if key in _lists(project, name)}
        built = resolve(name, project, without=options.without, places=places)
    if not built.special and not _is_special(options):
        return built
    # imported here because a template whose parameters all remain needs no evaluation
    specialization: Any = import_module("smtemplates.cli.specialization")
    lines: list[str] = []
    if built.special and name in options.names:
        lines += specialization.report_of(built.special)
    elif built.special:
        lines += specialization.summary_of(built.special, name)
    if _is_special(options):
        special = specialization.specialization(built.body, specialization.choices_of(options))
        built = replace(built, body=special.template)
        lines += specialization.report_of(special)
    if not options.check:
        for line in lines:
            print(line, file=sys.stderr)
    return built


def _rendered(options: argparse.Namespace, built: Built, path: Path | None) -> Rendered:
    """Return the text of a template, and the file that it belongs in."""
    resources, parameters = entries(built.body, "Resources"), entries(built.body, "Parameters")
    return Rendered(
        name=built.name,
        path=path,
        text=render(built.body, format=options.format),
        size=f"{counted(len(resources), 'resource')}, {counted(len(parameters), 'parameter')}",
        sources=built.sources,
        policies=built.policies,
    )


def _check(options: argparse.Namespace, templates: Sequence[Rendered]) -> dict[str, Checked]:
    """Validate templates and print their findings."""
    from smtemplates.cli.findings import print_findings
    from smtemplates.cli.validation import Subject, validation

    subjects = [
        Subject(text=one.text, name=str(one.path or one.name), sources=one.sources, policies=one.policies)
        for one in templates
    ]
    checked = {}
    with validation(options, subjects) as results:
        for template, one in zip(templates, results, strict=True):
            print_findings(options, one, sys.stderr)
            checked[template.name] = one
    return checked


def _check_findings(options: argparse.Namespace, paths: Sequence[Path | None]) -> None:
    """Check the options of findings.

    Raises:
        UsageError: There is no validation, or the findings would be written into a template.
    """
    if options.no_lint:
        if options.findings_format or options.findings_output:
            raise UsageError("--no-lint turns off the validation, so there are no findings. Remove --no-lint.")
        return
    from smtemplates.cli.findings import check_findings_options, format_of

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


def _output(options: argparse.Namespace, project: Project | None) -> Path:
    """Return the folder or file that -o names, or the output folder of the configuration file, or templates.

    Raises:
        UsageError: The folder cannot be created.
    """
    output = Path(options.output or (project and project.file(project.output)) or DEFAULT_OUTPUT)
    if not output.exists() and not output.parent.is_dir():
        creates = "-o creates" if options.output else "render creates"
        raise UsageError(f"There is no folder {output.parent}. {creates} the folder that it names, but no parents.")
    return output


def _path(options: argparse.Namespace, output: Path, name: str, count: int) -> Path | None:
    """Return the file that -o names, or a file with the template's name in the output folder."""
    if options.output == "-" and options.check:
        raise UsageError("--check compares files. Specify a folder or a file with -o, not '-'.")
    if options.output == "-" or _is_file(output):
        if count > 1:
            raise UsageError(f"One file cannot contain {count} templates. Specify one template, or a folder with -o.")
        return None if options.output == "-" else output
    return output / f"{name}.{options.format}"


def _is_file(output: Path) -> bool:
    """Return whether -o names a file, which may not exist yet, and not a folder."""
    return output.suffix in SUFFIXES and not output.is_dir()

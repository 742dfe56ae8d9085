"""Build the template that a text names: a template of smtemplates, of the configuration file, or in a file.

Importing this module does not import troposphere, which a template in a file does not need.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from smtemplates.config.problems import Problem, unknown
from smtemplates.config.project import Project
from smtemplates.config.tables import StackTable
from smtemplates.console.files import read
from smtemplates.errors import UsageError
from smtemplates.synth.loader import load
from smtemplates.templates.registry import TEMPLATES, is_file

if TYPE_CHECKING:
    from smtemplates.deploy.requests.template import Template
    from smtemplates.specializing.specialization import Specialized


@dataclass(frozen=True, kw_only=True)
class Built:
    """A template with intrinsic functions in their long form.

    `sources` is the Python file that built each (section, name). `policies` are policy files to apply in addition to
    those of the command line. `file` is the template file, if the text names one. `special` describes the parameters
    that the table of the template fixes, and the parts that it makes unnecessary. `titles` is the title of the
    construct that added each resource, as far as a construct added it.
    """

    name: str
    body: dict[str, Any]
    sources: Mapping[tuple[str, str], str] = field(default_factory=dict)
    policies: tuple[Path, ...] = ()
    file: Path | None = None
    special: Specialized | None = None
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """The description of the template, or ''."""
        text = self.body.get("Description", "")
        return text if isinstance(text, str) else ""


def names(project: Project | None) -> list[str]:
    """Return the names of all templates: those of the configuration file, then those of smtemplates."""
    return [*(project.templates if project else ()), *TEMPLATES]


def check_name(name: str, project: Project | None) -> None:
    """Check that there is a template with a name.

    Raises:
        UsageError: There is none. The message contains the nearest name.
    """
    if name not in names(project):
        message = unknown("template", name, names(project))
        hint = f" To use a file, specify ./{name}." if Path(name).is_file() else ""
        raise UsageError(f"{message[0].upper()}{message[1:]}{hint}")


def source_of(name: str, project: Project | None) -> str:
    """Return the template that a template of the configuration file starts from; otherwise the name itself."""
    return project.templates[name].source if project and name in project.templates else name


def resolve(
    text: str,
    project: Project | None = None,
    *,
    without: Collection[str] = (),
    places: Mapping[str, int] = MappingProxyType({}),
) -> Built:
    """Build the template that a text names.

    The text is a name of the configuration file or of smtemplates, or a file (it contains / or ends in .yaml, .yml or
    .json), relative to the working directory. Building a template of the configuration file runs the code that its
    table names. `without` are features of the workspace to leave out, and `places` the numbers of entries that lists
    accept (`registry.PLACES`), both in addition to those of the table.

    Raises:
        UsageError: There is no such template, or it cannot be built. The message has a line for each problem.
    """
    if is_file(text):
        if without:
            raise UsageError(f"{text} is a file, so --without cannot be used with it.")
        return Built(name=Path(text).stem, body=read_template(Path(text)), file=Path(text))
    check_name(text, project)
    # not an import statement, because those who import this module must not import troposphere
    building: Any = import_module("smtemplates.config.building")
    found: Built
    if project and text in project.templates:
        found = building.build(project, project.templates[text], without, places)
    else:
        found = building.of_smtemplates(text, without, places)
    return found


def rendered(built: Built) -> str:
    """Return a template as YAML; that of a file keeps the text of the file."""
    if built.file:
        return read(built.file)
    renderer: Any = import_module("smtemplates.synth.renderer")  # as above
    text: str = renderer.render(built.body)
    return text


def as_template(built: Built) -> Template:
    """Return a template as a deployment sends it; that of a file keeps the text of the file.

    Raises:
        UsageError: It is not a template, or is larger than the maximum of CloudFormation.
    """
    template: Any = import_module("smtemplates.deploy.requests.template")  # rendering does not need its checks
    found: Template = (
        template.read(built.file) if built.file else template.parsed(rendered(built), f"template {built.name}")
    )
    return found


def attempt(project: Project, name: str, *, complete: bool = True) -> Built | list[Problem]:
    """Build a template of the configuration file, or return its problems, to which missing policy files belong.

    A table that is not complete is not built: only its keys are checked.
    """
    table = project.templates[name]
    building: Any = import_module("smtemplates.config.building")
    missing = [
        project.problem(("template", name, "policy", number), f"there is no file {file}.")
        for number, file in enumerate(table.policies)
        if not project.file(file).is_file()
    ]
    result: Built | list[Problem] = building.attempt(project, table, complete=complete)
    if isinstance(result, list):
        return [*missing, *result]
    return missing or result


def of_stack(project: Project, stack: StackTable) -> Built:
    """Build the template of a stack. A file is relative to the folder of the configuration file.

    Raises:
        UsageError: There is no such template, or it cannot be built.
    """
    if is_file(stack.template):
        return resolve(str(project.file(stack.template)), project)
    return resolve(stack.template, project)


def read_template(file: Path) -> dict[str, Any]:
    """Read a template file.

    Raises:
        UsageError: The file cannot be read, or is not a template.
    """
    try:
        return load(read(file).removeprefix("\ufeff"))
    except UsageError as error:
        raise UsageError(f"{file}: {error}" if not str(error).startswith("Cannot read") else str(error)) from error

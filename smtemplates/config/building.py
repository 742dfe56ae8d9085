"""Build the templates of the configuration file."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from troposphere import Template

from smtemplates.config.functions import CodeError, Function, explained, guarded, import_function
from smtemplates.config.lines import Path as Keys
from smtemplates.config.merging import merged
from smtemplates.config.problems import Problem, shown_file, unknown
from smtemplates.config.project import Project
from smtemplates.config.tables import TemplateTable
from smtemplates.config.templates import Built, read_template
from smtemplates.core.assemble import Definition, assemble, source_files
from smtemplates.core.build import build_all
from smtemplates.core.construct import Construct
from smtemplates.core.places import chosen
from smtemplates.errors import Error, UsageError
from smtemplates.synth.loader import load
from smtemplates.synth.renderer import ordered
from smtemplates.templates import registry
from smtemplates.templates.workspace import template as workspace
from smtemplates.templates.workspace.features import FEATURES

Start = Definition | dict[str, Any]
WORKSPACE = "workspace"
_PARAMETER = re.compile(r"Parameter (\w+) ")


class TableError(UsageError):
    """Report the problems of a table."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        super().__init__()
        self.problems = list(problems)


@contextmanager
def _collecting(wrong: list[Problem]) -> Iterator[None]:
    """Add the problems of a TableError to others, instead of raising it."""
    try:
        yield
    except TableError as error:
        wrong += error.problems


def of_smtemplates(name: str, without: Collection[str], places: Mapping[str, int]) -> Built:
    """Build a template of smtemplates.

    Raises:
        UsageError: A name in `without` is not a feature, or a list in `places` is not one of the template.
    """
    defined = registry.definition(name, without, places)
    return Built(
        name=name,
        body=ordered(defined.template()),
        sources=source_files(defined.constructs),
        titles=_titles(defined.constructs),
    )


def build(project: Project, table: TemplateTable, without: Collection[str], places: Mapping[str, int]) -> Built:
    """Build a template of the configuration file; `without` and `places` are in addition to those of the table.

    Raises:
        UsageError: It cannot be built. The message has a line for each problem.
    """
    try:
        return _Builder(project, replace(table, places={**table.places, **places})).build(without)
    except TableError as error:
        project.check(error.problems)
        raise


def attempt(project: Project, table: TemplateTable, *, complete: bool) -> Built | list[Problem]:
    """Build a template, or return the problems that prevent the build.

    If the table is not complete, the template is not built, and only the problems of single keys are returned.
    """
    builder = _Builder(project, table)
    try:
        if complete:
            return builder.build(())
        builder.parts(())
    except TableError as error:
        return error.problems
    return []


@dataclass(frozen=True)
class _Builder:
    """Build the template of one table. Every error is a TableError."""

    project: Project
    table: TemplateTable

    def build(self, without: Collection[str]) -> Built:
        added, features, start = self.parts(without)
        if start is None:
            with self._reporting("constructs"):
                built = self._of_definition(_ours(self.table, features, added))
        else:
            with self._reporting("constructs"):
                built = self._extended(start, build_all(added, added).values())
        built = replace(built, name=self.table.name, policies=tuple(map(self.project.file, self.table.policies)))
        if self.table.description is not None:
            built.body["Description"] = self.table.description
        return self._specialized(built)

    def parts(self, without: Collection[str]) -> tuple[dict[str, Function], frozenset[str], Start | None]:
        """Return the functions to add, the features to leave out, and the template to start from.

        The problems of all these parts are reported together. The start is None for a template of smtemplates.
        """
        wrong: list[Problem] = []
        source, start = self.table.source, None  # the source is '' if its problem is already reported
        with _collecting(wrong):
            added = self._functions()
        with _collecting(wrong):
            features = self._features(without)
        with _collecting(wrong), self._reporting("places"):
            if source in registry.TEMPLATES or self._is_other:
                chosen(registry.PLACES.get(source, {}), self.table.places)
        with _collecting(wrong), self._reporting("from"):
            if source and source not in registry.TEMPLATES:
                start = self._start()
        if wrong:
            raise TableError(wrong)
        return added, features, start

    @property
    def _is_other(self) -> bool:
        """Whether the template to start from is in a file, or a function returns it."""
        return registry.is_file(self.table.source) or ":" in self.table.source

    def _problem(self, *keys: str | int, sentence: str) -> Problem:
        return self.project.problem(("template", self.table.name, *keys), sentence)

    @contextmanager
    def _reporting(self, key: str) -> Iterator[None]:
        """Report an error as a problem of a key, or of the table if it does not have the key."""
        path = ("template", self.table.name, key)
        keys: Keys = (key,) if path in self.project.places.lines else ()
        try:
            yield
        except TableError:
            raise
        except Error as error:
            if isinstance(error, CodeError) and key == "constructs":
                keys = (key, self._number_of(error.function))
            raise TableError(self._problem(*keys, sentence=line) for line in str(error).splitlines()) from error

    def _number_of(self, function: str) -> int:
        """Return the position of the construct with a function of this name."""
        return [text.rpartition(":")[2] for text in self.table.constructs].index(function)

    def _functions(self) -> dict[str, Function]:
        """Import the functions of the added constructs."""
        found: dict[str, Function] = {}
        wrong = []
        for number, text in enumerate(self.table.constructs):
            name = text.rpartition(":")[2]
            if name in found:
                sentence = f"two functions have the name {name}. Rename one of them."
                wrong.append(self._problem("constructs", number, sentence=sentence))
                continue
            try:
                found[name] = guarded(import_function(text, self.project.folder), self.project.folder)
            except UsageError as error:
                wrong.append(self._problem("constructs", number, sentence=str(error)))
        if wrong:
            raise TableError(wrong)
        return found

    def _features(self, without: Collection[str]) -> frozenset[str]:
        """Return the features to leave out."""
        wrong = [
            self._problem("without", number, sentence=unknown("feature", name, FEATURES))
            for number, name in enumerate(self.table.without)
            if name not in FEATURES
        ]
        features = frozenset({*self.table.without, *without})
        if features and self._is_other:
            ours = ", ".join(registry.TEMPLATES)
            wrong.append(self._problem("without", sentence=f"only templates of smtemplates have features: {ours}."))
        if wrong:
            raise TableError(wrong)
        return features

    def _start(self) -> Start:
        """Return the template of a file or of a function."""
        source = self.table.source
        if registry.is_file(source):
            return read_template(self.project.file(source))
        if not self._is_other:
            raise UsageError(unknown("template", source, registry.TEMPLATES))
        function = import_function(source, self.project.folder)
        if any(each.default is each.empty for each in inspect.signature(function).parameters.values()):
            raise UsageError(
                f"{source} requires arguments, but the function of a template is called without arguments."
            )
        result = guarded(function, self.project.folder)()
        if isinstance(result, Definition):
            return result
        if isinstance(result, Template | Mapping):
            return self._plain(result)
        raise UsageError(
            f"{source} returns a {type(result).__name__}. It must return a Template of troposphere, a dict or a "
            "Definition."
        )

    def _plain(self, template: Template | Mapping[str, Any]) -> dict[str, Any]:
        """Return a template as plain values. troposphere checks properties only now."""
        try:
            content = template if isinstance(template, Mapping) else template.to_dict()
            text = json.dumps(content)
        except Exception as error:  # the code of a template can contain anything
            raise UsageError(explained(error, self.project.folder)) from error
        return load(text)

    def _of_definition(self, defined: Definition) -> Built:
        return Built(
            name="",
            body=ordered(self._plain(defined.template())),
            sources=self._sources(defined.constructs),
            titles=_titles(defined.constructs),
        )

    def _sources(self, constructs: Iterable[Construct]) -> dict[tuple[str, str], str]:
        """Return the Python file of each part, as the user would write it."""
        found = source_files([*constructs])
        files = {source: self.project.folder / source for source in set(found.values())}
        shown = {source: shown_file(file) if file.is_file() else source for source, file in files.items()}
        return {key: shown[source] for key, source in found.items()}

    def _extended(self, start: Start, constructs: Iterable[Construct]) -> Built:
        """Add constructs to a template."""
        constructs = [*constructs]
        if isinstance(start, Definition):
            return self._of_definition(Definition(start.description, [*start.constructs, *constructs]))
        if constructs:
            added = assemble("", constructs)
            start = merged(start, self._plain(added), source_files(constructs))
        return Built(name="", body=start, sources=self._sources(constructs), titles=_titles(constructs))

    def _specialized(self, built: Built) -> Built:
        """Return a template with parameters fixed and narrowed."""
        table = self.table
        if not (table.fix or table.default or table.allow) and table.keep is None:
            return built
        # imported here because a template whose parameters all remain needs no evaluation
        module: Any = import_module("smtemplates.specializing.specialization")
        choices = module.Choices(
            fix=table.fix,
            keep=None if table.keep is None else frozenset(table.keep),
            default=table.default,
            allow=table.allow,
        )
        try:
            special = module.specialization(built.body, choices)
        except Error as error:
            raise TableError(
                self._problem(*self._keys(line), sentence=line) for line in str(error).splitlines()
            ) from error
        return replace(built, body=special.template, special=special)

    def _keys(self, sentence: str) -> Keys:
        """Return the key of the table that a sentence about a parameter is about; () for the whole table."""
        named = _PARAMETER.match(sentence)
        if named:
            for key in ("fix", "default", "allow"):
                if named[1] in getattr(self.table, key):
                    return (key, named[1])
            if named[1] in (self.table.keep or ()):
                return ("keep", (self.table.keep or ()).index(named[1]))
        return ()


def _titles(constructs: Iterable[Construct]) -> dict[str, str]:
    """Return the title of the construct that adds each resource."""
    return {str(resource.title): each.title for each in constructs for resource in each.resources}


def _ours(table: TemplateTable, features: Collection[str], added: Mapping[str, Function]) -> Definition:
    """Return a template of smtemplates with added constructs. Those of the workspace receive its constructs by name."""
    if table.source == WORKSPACE:
        return workspace.definition(features, added)
    defined = registry.definition(table.source, features, table.places)
    return Definition(defined.description, [*defined.constructs, *build_all(added, added).values()])

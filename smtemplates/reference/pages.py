"""The reference as pages in docs/reference, each for one question, and the other files that are generated with it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from smtemplates.errors import TemplateError
from smtemplates.pages.drawing import WORKSPACE, workspace_file
from smtemplates.pages.picture import picture
from smtemplates.reference.document import Chapter, chapters, overview
from smtemplates.reference.inferences import inferences
from smtemplates.reference.markdown import GENERATED, anchor_of

FOLDER = Path("docs", "reference")
PICTURE = Path("docs", "images", "workspace.svg")
# The pages about the workspace: their title, and the titles of their sections in the reference.
WORKSPACE_PAGES = {
    "parameters.md": ("Parameters of the workspace", ("Parameters", "Changes of parameters")),
    "resources.md": ("Resources of the workspace", ("Resources", "Idle costs and retained resources")),
    "outputs.md": ("Outputs of the workspace", ("Outputs",)),
    "permissions.md": ("Permissions of the workspace", ("Permissions",)),
    "boundaries.md": (
        "Separation of projects and approval of models",
        ("Separation of projects", "Approval of model versions"),
    ),
    "workflow-packs.md": ("Workflow packs", ("Workflow packs",)),
    "regions.md": ("Regions of the workspace", ("Regions",)),
    "security-controls.md": (
        "Security controls",
        ("Security controls", "Accepted findings of scanners", "Rules of scanners"),
    ),
    "policies.md": (
        "Policies of keys, topics and other accounts",
        (
            "Key policy for an existing KMS key",
            "Topic policy for an existing SNS topic",
            "Policies of accounts that read the registry",
        ),
    ),
    "sagemaker-sdk-3.md": ("Train with the SageMaker SDK 3", ("Train with the SageMaker SDK 3",)),
}
NOT_ON_PAGES = ("Architecture",)  # Mermaid diagrams, which need a script from a server of others
LINK = re.compile(r"\]\(#([\w-]+)\)")
Page = tuple[str, str, Mapping[str, str]]  # a title, a description, and sections by title


def files() -> dict[Path, str]:
    """Return the text of each generated file: the reference, the picture, and the groups that pages show.

    Raises:
        TemplateError: a row of data is missing, such as the place of a group.
    """
    return {
        **{FOLDER / name: text for name, text in pages(chapters()).items()},
        FOLDER / "inferences.md": "\n".join([GENERATED, "# Inferences\n", *inferences()]),
        PICTURE: picture(),
        Path("smtemplates", "pages", "assets", WORKSPACE): workspace_file(overview()),
    }


def pages(found: Sequence[Chapter]) -> dict[str, str]:
    """Return the text of each page by its path in the folder: ten about the workspace, one about each other template.

    A link to a section becomes a link to its page.

    Raises:
        TemplateError: a section of the workspace is not on a page. The message names all such sections.
    """
    contents = dict(_contents(found))
    places: dict[str, str] = {}
    for name, (title, _, parts) in contents.items():
        for part in parts:
            target = name if part == title or len(parts) == 1 else f"{name}#{anchor_of(part)}"
            places.setdefault(anchor_of(part), target)
    return {name: _written(name, page, places) for name, page in contents.items()}


def _contents(found: Sequence[Chapter]) -> Iterator[tuple[str, Page]]:
    workspace, *others = found
    shown = {part for _, names in WORKSPACE_PAGES.values() for part in names}
    if missing := workspace.sections.keys() - {*shown, *NOT_ON_PAGES}:
        raise TemplateError(f"smtemplates/reference/pages.py: no page contains {', '.join(sorted(missing))}.")
    for name, (title, names) in WORKSPACE_PAGES.items():
        yield f"workspace/{name}", (title, "", {part: workspace.sections[part] for part in names})
    for each in others:
        parts = {title: body for title, body in each.sections.items() if title not in NOT_ON_PAGES}
        yield f"{each.name}.md", (f"{each.name}.yaml", each.description, parts)


def _written(name: str, page: Page, places: Mapping[str, str]) -> str:
    title, description, parts = page
    lines = [GENERATED, f"# {title}\n", *([f"{description}\n"] if description else [])]
    for part, body in parts.items():
        single = len(parts) == 1
        lines += [*([] if single or part == title else [f"## {part}\n"]), _raised(body, 2 if single else 1)]
    folder = PurePosixPath(name).parent
    return LINK.sub(lambda match: f"]({_relative(places[match[1]], folder)})", "\n".join(lines))


def _raised(body: str, levels: int) -> str:
    """Return a section whose headings of the fourth and fifth level are some levels higher."""
    return re.sub(rf"^#{{{levels}}}(?=###? )", "", body, flags=re.MULTILINE)


def _relative(target: str, folder: PurePosixPath) -> str:
    path, mark, anchor = target.partition("#")
    return f"{os.path.relpath(path, folder)}{mark}{anchor}"

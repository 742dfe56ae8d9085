"""The files of a new project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import smtemplates
from smtemplates.core.assets import read_asset

VERSION = "@VERSION@"
"""The placeholder in an asset for the version of this package."""
PROJECT = "@PROJECT@"
"""The placeholder in an asset for the name of the project."""
RENDERED = Path("templates/company.yaml")
"""The rendered template of a new project."""


@dataclass(frozen=True, kw_only=True)
class Asset:
    """Describe a file of a new project: its path there, and its name in the folder `assets` of this package."""

    path: str
    name: str = ""
    service: str = ""
    """The service whose pipeline the file is, or '' for a file of every project."""

    def text(self, project: str = "project") -> str:
        """Return the content of the file for a project of this name."""
        text = read_asset(__package__, self.name or self.path)
        return text.replace(VERSION, smtemplates.__version__).replace(PROJECT, project)


ASSETS = (
    Asset(path="smtemplates.toml"),
    # without this file, Python prefers a library of the same name, such as that of the AWS CDK
    Asset(path="constructs/__init__.py"),
    Asset(path="constructs/image_repository.py"),
    Asset(path="tests/test_company.py"),
    Asset(path="shared.yaml"),
    Asset(path="README.md"),
    Asset(path="requirements.txt"),
    Asset(path=".gitignore", name="gitignore"),
    Asset(path=".github/workflows/smtemplates.yml", name="github.yml", service="github"),
    Asset(path=".github/dependabot.yml", name="dependabot.yml", service="github"),
    Asset(path=".gitlab-ci.yml", name="gitlab-ci.yml", service="gitlab"),
)
PIPELINES: Mapping[str, frozenset[str]] = {
    "github": frozenset({"github"}),
    "gitlab": frozenset({"gitlab"}),
    "both": frozenset({"github", "gitlab"}),
    "none": frozenset(),
}
"""The services whose pipelines a project contains, by the value of --ci."""

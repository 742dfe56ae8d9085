"""Packages: the software of the notebook and Studio in addition to SageMaker's own."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import FindInMap, Parameter

from smtemplates.core.assets import read_asset
from smtemplates.core.construct import Construct, string_parameter


@dataclass(frozen=True, kw_only=True)
class Packages(Construct):
    """Contain the repository and the packages of the notebook and Studio, and the script that installs them."""

    repository: Parameter
    requirements: Parameter
    script: str
    setup: FindInMap


def packages() -> Packages:
    """Build the choice of a Git repository and Python packages. Both are in the parameter group of the notebook."""
    repository, requirements = _repository(), _packages()
    script = read_asset(__package__, "setup.sh")
    return Packages(
        title="Notebook",
        source=__name__,
        parameters={
            "Git repository (notebook and Studio)": repository,
            "Python packages (notebook and Studio)": requirements,
        },
        mappings={"Software": {"Setup": {"Text": script}}},
        repository=repository,
        requirements=requirements,
        script=script,
        setup=FindInMap("Software", "Setup", "Text"),
    )


def _repository() -> Parameter:
    return string_parameter(
        "NotebookGitRepository",
        "HTTPS address of a Git repository. It is cloned once into the notebook and into each Studio space, and "
        "must be readable without a password. Leave empty for no repository.",
        # the last part becomes the folder name, so it must not consist of dots only
        pattern="^$|^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[A-Za-z0-9._~/-]*[A-Za-z0-9_-][.~]*/?$",
        hint="must be empty or an address such as https://github.com/owner/repository, without a user name or password",
        max_length=255,
    )


def _packages() -> Parameter:
    word = r"[A-Za-z0-9][A-Za-z0-9._,<>=!~\[\]-]*"  # neither an option nor a path
    return string_parameter(
        "NotebookPackages",
        "Python packages for a kernel named Workspace in the notebook and in Studio, as pip requirements separated "
        "by spaces. A change takes effect at the next start. Leave empty to use only the kernels of SageMaker.",
        pattern=f"^({word}( +|$))*$",
        hint="must be empty or pip requirements such as 'pandas scikit-learn>=1.5', separated by spaces, without "
        "options",
        max_length=1000,
        default="numpy pandas scipy scikit-learn xgboost matplotlib seaborn sagemaker",
    )

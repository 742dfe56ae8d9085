"""Project: the parameters, tags and names that all constructs share."""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import AWS_STACK_ID, Parameter, Ref, Select, Split, Sub, Tags

from smtemplates.core.construct import Construct, choice_parameter, string_parameter

ENVIRONMENTS = ("dev", "stg", "prd")
INSTANCE_TYPE = "^ml[.][a-z0-9-]{1,20}[.][a-z0-9]{1,20}$"


@dataclass(frozen=True, kw_only=True)
class Project(Construct):
    """Contain the project's name and environment, from which all tags and names derive."""

    name: Parameter
    environment: Parameter

    def tags(self) -> Tags:
        """Return the tags for cost reports."""
        return Tags(Project=Ref(self.name), Environment=Ref(self.environment))

    def unique_name(self) -> Sub:
        """Return a unique name of at most 37 lower-case characters, for resources that need a name.

        The stack name cannot be used: it can have 128 characters and upper-case letters.
        """
        return self.stack_name(f"${{{self.name.title}}}-${{{self.environment.title}}}")

    def stack_name(self, first: str) -> Sub:
        """Return a unique name that starts with `first`, which can contain placeholders for Fn::Sub."""
        stack_uuid = Select(2, Split("/", Ref(AWS_STACK_ID)))
        return Sub(f"{first}-${{Id}}", Id=Select(0, Split("-", stack_uuid)))


def project() -> Project:
    """Build the parameters for the project's name and environment."""
    name = string_parameter(
        "ProjectName",
        "Short name of the project. It becomes the Project tag and a part of resource names. Changing this "
        "replaces the Studio domain, model package group, MLflow app (its records are lost) and endpoint (clients "
        "need its new name).",
        pattern="^[a-z][a-z0-9-]{1,22}[a-z0-9]$",
        hint="must be 3 to 24 lower-case letters, digits and hyphens, starting with a letter and not ending with a "
        "hyphen",
        max_length=24,
        default="sagemaker",
    )
    environment = choice_parameter(
        "Environment",
        "Stage of the workspace: development, staging or production. It becomes the Environment tag and a part of "
        "resource names. Changing this replaces the Studio domain, model package group, MLflow app (its records are "
        "lost) and endpoint (clients need its new name).",
        ENVIRONMENTS,
        default="dev",
    )
    return Project(
        title="Project",
        source=__name__,
        precedes_switches=True,
        parameters={"Project name": name, "Environment": environment},
        name=name,
        environment=environment,
    )

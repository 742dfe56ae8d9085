"""One parameterized CloudFormation template for an Amazon SageMaker workspace, built with troposphere and awacs.

>>> import smtemplates
>>> template = smtemplates.build(without=["studio"])  # a troposphere Template: add to it as you like
>>> text = smtemplates.render(template)  # YAML, the same bytes on every machine
>>> findings = smtemplates.lint(text)  # cfn-lint's, none for the template as it is
"""

from smtemplates.errors import Error, TemplateError, UsageError
from smtemplates.lint import Finding, lint
from smtemplates.render import compact, render
from smtemplates.workspace import FEATURES, build

__all__ = ["FEATURES", "Error", "Finding", "TemplateError", "UsageError", "build", "compact", "lint", "render"]

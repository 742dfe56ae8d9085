"""The commands that build and validate templates, with their help."""

from __future__ import annotations

from smtemplates.cli.command import Command

RENDER = """\
  smtemplates render
      write all templates to the folder templates, and validate them
  smtemplates render --check
      exit with code 1 and show the differences if a committed template
      is stale
  smtemplates render workspace -o -
      print one template
  smtemplates render workspace --without studio,mlflow,budget \\
      --region ca-west-1 -o calgary.yaml
      write a template without features that the Region ca-west-1
      does not support, and validate it for that Region
  smtemplates render workspace -o company.yaml \\
      --keep ProjectName,Environment,NotebookInstanceType \\
      --fix CreateNotebook=true --default NotebookInstanceType=ml.t3.large
      write a template with three parameters
"""
LINT = """\
  smtemplates lint my-template.yaml
      validate any template in the same way
  smtemplates lint my-template.yaml --policy my-policy.guard
      also check it against your own policy file
  smtemplates lint my-template.yaml --no-policy \\
      --policy my-policy.guard
      check it against your policy file only, without the built-in rules
  smtemplates lint sam-template.yaml --strict
      also fail if a part of the template cannot be evaluated here, such
      as a resource that a transform replaces
"""
EXPLORE = """\
  smtemplates explore
      write a page on which to try parameters before you deploy
  smtemplates explore network -o network.html
      write the page of another template to another file
"""
REFERENCE = """\
  smtemplates reference -o reference.md
      write the reference to a file
  smtemplates reference workspace
      print the reference of one template
  smtemplates reference --check -o reference.md
      exit with code 1 and show the differences if the file is stale
"""

COMMANDS = (
    Command(
        name="render",
        help="write templates and validate them",
        examples=RENDER,
        add="smtemplates.cli.render_options:add_render",
        run="smtemplates.cli.render:render_templates",
    ),
    Command(
        name="lint",
        help="validate any template",
        examples=LINT,
        add="smtemplates.cli.render_options:add_lint",
        run="smtemplates.cli.lint:lint_files",
    ),
    Command(
        name="explore",
        help="write a page on which to try the parameters",
        examples=EXPLORE,
        add="smtemplates.cli.render_options:add_explore",
        run="smtemplates.cli.documents:write_explorer",
    ),
    Command(
        name="reference",
        help="write the reference of the templates: parameters, resources, outputs, permissions and costs",
        examples=REFERENCE,
        add="smtemplates.cli.render_options:add_reference",
        run="smtemplates.cli.documents:write_reference",
    ),
)

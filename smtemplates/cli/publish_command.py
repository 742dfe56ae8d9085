"""The command `publish`, with its help."""

from __future__ import annotations

from smtemplates.cli.command import Command, aws_commands

VERSION = """\
  smtemplates publish version 1.4.0 --catalog ml-catalog \\
      --create-staging-bucket --plan
  smtemplates publish version 1.4.0 --product prod-abcdefghijklm \\
      --staging-bucket my-templates --yes
"""
VERSIONS = "  smtemplates publish versions --catalog ml-catalog\n"
PRUNE = "  smtemplates publish prune --catalog ml-catalog\n"
STAGE = "  smtemplates publish stage --staging-bucket my-templates\n"
LINK = """\
  smtemplates publish link --staging-bucket my-templates \\
      --set Environment=prd --region eu-west-1,us-east-1
"""
COMMAND = Command(
    name="publish",
    help="publish a template: to Service Catalog, in a bucket, or as a console link",
    description="""\
Publish a template: to Service Catalog, in a bucket, or as a console link. To
complete an interrupted command, run it again.""",
    commands=aws_commands(
        "smtemplates.cli.publish",
        "smtemplates.cli.publish:run",
        (
            "version",
            "show the steps, ask for confirmation, and publish a template as a version",
            VERSION,
            (5,),
        ),
        (
            "versions",
            "list the versions of a product and the number of provisioned products",
            VERSIONS,
            (),
        ),
        ("prune", "deactivate deprecated versions that no provisioned product uses", PRUNE, ()),
        ("stage", "upload a template to a bucket, and print its URL", STAGE, ()),
        (
            "link",
            "print a link that opens the console with the template and parameters filled in",
            LINK,
            (),
        ),
    ),
)

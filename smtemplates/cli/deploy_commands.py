"""The commands that deploy templates and manage stacks."""

from __future__ import annotations

from smtemplates.cli.command import aws_commands

PLAN = """\
  smtemplates plan churn --create-staging-bucket \\
      --set CreateNotebook=true
"""
DEPLOY = """\
  smtemplates deploy churn --staging-bucket my-templates \\
      --parameters churn.yaml --tag team=churn
"""
STATUS = "  smtemplates status churn\n"
OUTPUTS = "  smtemplates outputs churn --env\n"
DRIFT = "  smtemplates drift churn\n"
ROLLBACK = "  smtemplates rollback churn\n  smtemplates rollback churn --skip Domain,Network.Subnet\n"
DESTROY = "  smtemplates destroy churn\n"

COMMANDS = aws_commands(
    "smtemplates.cli.deploy_options",
    "smtemplates.cli.deploy:run_and_report",
    ("plan", "show what a deployment would change, without changing anything", PLAN, (3,)),
    ("deploy", "show the plan, ask for confirmation, and create or update the stack", DEPLOY, (4, 5)),
    ("status", "show the status of a stack; exit code 1 if a stack of its stack sets failed", STATUS, ()),
    ("outputs", "show the outputs of a stack", OUTPUTS, ()),
    ("drift", "show the resources that were changed outside CloudFormation", DRIFT, (3,)),
    ("rollback", "roll a stack back whose update, rollback or creation failed", ROLLBACK, (4, 5)),
    ("destroy", "delete a stack; its data is deleted only with --delete-data", DESTROY, (4, 5)),
)

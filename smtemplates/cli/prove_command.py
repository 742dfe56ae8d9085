"""The command `prove`: verify inferences about AWS in a live account."""

from __future__ import annotations

from smtemplates.cli.command import Command

DESCRIPTION = """\
Verify inferences about AWS with experiments in a live account.

Use an account without other workloads. Each experiment creates a stack whose
name starts with smtemplates-prove-, observes it, and deletes everything that it
created, also after an interruption. A run first deletes the resources of
earlier runs. Do not start two runs at the same time in one account and Region.
--plan only shows the protocol with the highest costs."""
EXAMPLES = """\
  smtemplates prove --plan
      show the protocol of all experiments with their costs, without credentials
  smtemplates prove --plan studio-grants studio-scripts
      show the protocol of two experiments
  smtemplates prove --account 111122223333 --region eu-west-1 -o report
      run all experiments, and write prove.md and prove.json into a folder
  smtemplates prove drift-revert --account 111122223333 --region eu-west-1
      run one experiment
  smtemplates prove --clean --account 111122223333 --region eu-west-1
      only delete the resources of earlier runs
"""


COMMAND = Command(
    name="prove",
    help="verify inferences about AWS with experiments in a live account",
    description=DESCRIPTION,
    examples=EXAMPLES,
    add="smtemplates.cli.prove_options:add_prove",
    run="smtemplates.cli.prove:run",
    codes=(4,),
)

"""Notebook instances: the role that they assume."""

from __future__ import annotations

from smtemplates.aws_data.usage_prices import REQUESTS, T3_MEDIUM_HOUR
from smtemplates.prove import jobs
from smtemplates.prove.experiment import Charge, Experiment
from smtemplates.prove.staged import policy
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import with_properties, workspace

KEY = "processing/identity.txt"
# Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateNotebookInstanceLifecycleConfig.html
SCRIPT = f"""\
#!/bin/bash
set -eo pipefail
export AWS_DEFAULT_REGION=${{AWS::Region}}
aws sts get-caller-identity --query Arn --output text | aws s3 cp - s3://${{OutputBucket}}/{KEY}
"""


def run(trial: Trial) -> str:
    """Start a notebook instance whose script writes the identity of its role to the output bucket."""
    start = {"OnStart": [{"Content": {"Fn::Base64": {"Fn::Sub": SCRIPT}}}]}
    template = with_properties(workspace(["notebook"], fix={"CreateNotebook": "true"}), "NotebookLifecycle", start)
    denied = policy({"Effect": "Deny", "Action": "logs:*", "Resource": "*"})
    own = {"Policies": [{"PolicyName": "no-logs", "PolicyDocument": denied}]}
    template = with_properties(template, "ExecutionRole", own)
    for name in ("DataPolicy", "JobsPolicy"):
        template["Resources"]["Notebook"].setdefault("DependsOn", []).append(name)
    outputs = trial.deploy(template, refuting=True)
    trial.only_in_aws("its notebook instances assume no role.")
    written = jobs.object_at(trial, f"s3://{outputs['OutputBucketName']}/{KEY}")
    role = f":assumed-role/{outputs['ExecutionRoleName']}/"
    trial.note(f"The identity of the notebook instance: {(written or b'unknown').decode().strip()}")
    trial.check(role in (written or b"").decode(), expected=True, what="The notebook instance has the execution role")
    return "The notebook instance started, and called AWS with the execution role."


EXPERIMENT = Experiment(
    name="notebook-trust",
    creates=(
        "a stack with three buckets, and the execution role, which may not write logs, because they would remain",
        "in the same stack, a notebook instance (ml.t3.medium) with this role, which requires aws:SourceAccount",
        "an object in the output bucket, which the notebook instance writes at its start",
    ),
    asks=("Create the notebook instance with a script that writes its identity.", "Read this identity."),
    refuted_by="The deployment fails, or the notebook instance has not written the identity of the execution role.",
    charges=(Charge(1, T3_MEDIUM_HOUR), Charge(1, REQUESTS)),
    minutes=30,
    run=run,
)

"""The journey of a new user: in an empty folder, with only the wheel, from `init` to the pipeline."""

from __future__ import annotations

import re
from pathlib import Path

from docs.pipelines import WorkflowReader

from config.projects import BRANCH, REGION, STACKS, User, pull_request, results, run
from smtemplates.synth.loader import load

JOB_QUEUE = '''\
"""A queue for jobs."""

from smtemplates.core.construct import Construct, output
from smtemplates.templates.workspace.project import Project
from troposphere import Delete, GetAtt, sqs


def job_queue(project: Project) -> Construct:
    """Build a queue with the tags of the workspace."""
    queue = sqs.Queue(
        "JobQueue",
        DeletionPolicy=Delete,
        UpdateReplacePolicy=Delete,
        MessageRetentionPeriod=86400,
        SqsManagedSseEnabled=True,
        Tags=project.tags(),
    )
    return Construct(
        title="Jobs",
        source=__name__,
        resources=[queue],
        outputs=[output("JobQueueArn", "ARN of the queue for jobs", GetAtt(queue, "Arn"))],
    )
'''
DEFAULTS = """\
[template.company.default]
ProjectName = "research"
Environment = "stg"
CreateNotebook = true
NotebookIdleMinutes = 30
"""


def edit(file: Path, *changes: tuple[str, str]) -> None:
    """Replace texts that occur once in a file."""
    text = file.read_text()
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    file.write_text(text)


def test_new_user_deploys_a_template_of_the_company(github: WorkflowReader, new_user: User) -> None:
    """A user fixes a VPC and five defaults, adds a construct, renders, deploys and destroys two dependent stacks.

    Then the user commits the project, and its pipeline plans and deploys the stacks.
    """
    user = new_user
    ec2 = user.aws.client("ec2", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    user.run("init")
    edit(
        user.folder / "smtemplates.toml",
        ('# VpcId = "vpc-0123456789abcdef0"', f'VpcId = "{vpc}"'),
        ('# SubnetIds = "subnet-0123456789abcdef0,subnet-0123456789abcdef1"', f'SubnetIds = "{subnet}"'),
        ("[template.company.default]\n", DEFAULTS),
        (
            'image_repository:image_repository"]',
            'image_repository:image_repository", "constructs.job_queue:job_queue"]',
        ),
    )
    (user.folder / "constructs" / "job_queue.py").write_text(JOB_QUEUE)
    rendered = user.run("render")
    assert re.search(r"company\.yaml: \d+ resources, 6 parameters, no findings", rendered), rendered
    template = load((user.folder / "templates" / "company.yaml").read_text())
    assert template["Parameters"]["NotebookInstanceType"]["Default"] == "ml.t3.large"
    user.run("deploy", "--all", "--yes")
    assert user.statuses() == dict.fromkeys(STACKS, "CREATE_COMPLETE")
    resources = user.resources("churn-dev")
    assert {"Notebook", "JobQueue", "ImageRepository", "SecurityGroup"} <= set(resources)
    notebook = user.aws.client("sagemaker", REGION).describe_notebook_instance(
        NotebookInstanceName=user.outputs("churn-dev")["NotebookInstanceName"]
    )
    assert (notebook["SubnetId"], notebook["InstanceType"]) == (subnet, "ml.t3.large")
    user.run("destroy", "--all", "--confirm", "churn-dev,shared")
    assert user.statuses() == {}
    assert results(run(github, user, pull_request())) == ["success", "success", "skipped", "skipped"]
    assert results(run(github, user, BRANCH)) == ["success", "skipped", "success", "skipped"]
    assert user.statuses() == dict.fromkeys(STACKS, "CREATE_COMPLETE")

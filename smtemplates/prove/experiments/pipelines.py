"""Permissions on pipelines: the tags that separate projects, and the role of a pipeline that is changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from smtemplates.prove.experiments.permissions import NO_IAM, allowing, experiment
from smtemplates.prove.roles import Question, as_role, check_allowed, check_denied, role_resource
from smtemplates.prove.staged import trust
from smtemplates.prove.studio import assumable
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import with_resources, workspace

PROJECT, OTHER = "prove", "other"
ENVIRONMENT = "dev"
# A pipeline whose only step fails, in the form of the SageMaker Python SDK. No execution starts.
# Source: https://github.com/aws/sagemaker-python-sdk/blob/e4e90a58b3e9f843600f72988ab8a7aaa351f5a5/src/sagemaker/workflow/fail_step.py
DEFINITION = json.dumps(
    {
        "Version": "2020-12-01",
        "Parameters": [],
        "Steps": [{"Name": "Stop", "Type": "Fail", "Arguments": {"ErrorMessage": "proving"}}],
    }
)


def pipeline(role: str, project: str) -> dict[str, Any]:
    """Return a pipeline with the tags of a project and the role with a logical ID."""
    properties = {
        "PipelineName": {"Fn::Sub": f"${{AWS::StackName}}-{project}"},
        "RoleArn": {"Fn::GetAtt": [role, "Arn"]},
        "PipelineDefinition": {"PipelineDefinitionBody": DEFINITION},
        "Tags": [{"Key": key, "Value": value} for key, value in tags(project).items()],
    }
    return {"Type": "AWS::SageMaker::Pipeline", "Properties": properties}


def tags(project: str) -> Mapping[str, str]:
    """Return the tags of the workspace of a project."""
    return {"Project": project, "Environment": ENVIRONMENT}


def question(trial: Trial, verb: str, project: str, **arguments: Any) -> Question:
    """Return a call on the pipeline of a project."""
    request = {"PipelineName": f"{trial.stack}-{project}", **arguments}
    what = f"{verb.title()} the pipeline of project {project}"
    return Question(what=what, service="sagemaker", operation=f"{verb}_pipeline", arguments=request)


def run_tags(trial: Trial) -> str:
    """Create, update and delete pipelines with own and other tags. No pipeline is created, because the names exist."""
    trial.only_in_aws(NO_IAM)
    template = assumable(workspace(fix={"Isolation": "Project", "ProjectName": PROJECT, "Environment": ENVIRONMENT}))
    pipelines = {f"{name.title()}Pipeline": pipeline("ExecutionRole", name) for name in (PROJECT, OTHER)}
    arn = trial.deploy(with_resources(template, pipelines))["ExecutionRoleArn"]
    role = as_role(trial, arn)
    update = {"PipelineDescription": "proving"}
    check_allowed(trial, role, question(trial, "update", PROJECT, **update))
    check_denied(trial, role, question(trial, "update", OTHER, **update))
    check_denied(trial, role, question(trial, "delete", OTHER, ClientRequestToken=trial.new_name()))
    for project, check in ((PROJECT, check_allowed), (OTHER, check_denied)):
        listed = [{"Key": key, "Value": value} for key, value in tags(project).items()]
        arguments = {
            "ClientRequestToken": trial.new_name(),
            "RoleArn": arn,
            "PipelineDefinition": DEFINITION,
            "Tags": listed,
        }
        check(trial, role, question(trial, "create", PROJECT, **arguments))
    check_allowed(trial, role, question(trial, "delete", PROJECT, ClientRequestToken=trial.new_name()))
    return "IAM allowed the calls with the tags of the project, and denied those with other tags."


def run_role(trial: Trial) -> str:
    """Update a pipeline as a role that may not pass roles."""
    trial.only_in_aws(NO_IAM)
    runner = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust(SAGEMAKER)}}
    resources = {
        "Runner": runner,
        "Pipeline": pipeline("Runner", PROJECT),
        "Editor": role_resource(allowing("sagemaker:UpdatePipeline")),
    }
    outputs = trial.deploy(with_resources({"Resources": {}}, resources, {"Editor": {"Fn::GetAtt": ["Editor", "Arn"]}}))
    role = as_role(trial, outputs["Editor"])
    check_allowed(trial, role, question(trial, "update", PROJECT, PipelineDefinition=DEFINITION))
    return "IAM allowed the update of the definition by a role without iam:PassRole."


SAGEMAKER = {"Service": "sagemaker.amazonaws.com"}
TAGS_EXPERIMENT = experiment(
    "project-tags",
    run_tags,
    "a stack with the buckets, the execution role of a project, which the account can assume, and two pipelines that "
    "do not run, one with the tags of the project and one with other tags",
    (
        (
            "As the execution role, update both pipelines, and delete the one with other tags. IAM must allow only the "
            "update of the pipeline of the project."
        ),
        (
            "Create a pipeline with the tags of the project, and one with other tags. The name exists, so no pipeline "
            "is created. IAM must allow only the first."
        ),
        "Delete the pipeline with the tags of the project. IAM must allow it.",
    ),
)
ROLE_EXPERIMENT = experiment(
    "pass-role-once",
    run_role,
    "a stack with a pipeline that does not run, its role, and a role that may update pipelines and pass no role",
    ("As the second role, update the definition of the pipeline without a role. IAM must allow it.",),
)

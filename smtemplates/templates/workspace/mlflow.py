"""MLflow: a serverless MLflow app that stores its artifacts in the model bucket."""

from __future__ import annotations

from troposphere import Ref, Sub, sagemaker

from smtemplates.core.construct import NamedCondition, all_of, boolean_parameter, is_true, output
from smtemplates.core.iam import Grant, actions, allow
from smtemplates.core.regions import region_rule
from smtemplates.templates.workspace.execution_role import ExecutionRole
from smtemplates.templates.workspace.project import Project
from smtemplates.templates.workspace.role_user import RoleUser
from smtemplates.templates.workspace.storage import Storage

# All actions of MLflow by their verbs, because the Security Hub control IAM.21 rejects '*'.
MLFLOW_ACTIONS = (
    *(
        "AccessUI",
        "Create*",
        "Delete*",
        "EndTrace",
        "Finalize*",
        "Get*",
        "List*",
        "Log*",
        "Rename*",
        "Restore*",
        "Search*",
    ),
    *("Set*", "StartTrace", "Transition*", "Update*"),
)


def mlflow(project: Project, storage: Storage, execution_role: ExecutionRole) -> RoleUser:
    """Build an optional MLflow app for experiments."""
    create = boolean_parameter(
        "CreateMlflow",
        "Create a serverless MLflow app for experiments. Its artifacts are stored in mlflow/ in the model bucket "
        "and are retained when the app is deleted. Changing ProjectName, Environment or ExistingRoleArn later "
        "replaces the app, and its records are lost. If false, no app is created. Changing this to false deletes the "
        "app, and its records are lost.",
        default=False,
    )
    is_created = NamedCondition("CreateMlflow", is_true(create))
    has_grants = NamedCondition("AllowTracking", all_of(is_created, execution_role.least_privilege))
    return RoleUser(
        title="Tracking",
        source=__name__,
        switches={"Create MLflow app": create},
        conditions=[is_created, has_grants],
        rules=region_rule(create, "MLflow apps", sagemaker.MlflowApp),
        resources=[_app(is_created, project, storage, execution_role)],
        outputs=[
            output(
                "MlflowAppArn",
                "ARN of the MLflow app, which clients use as the tracking URI",
                Ref("MlflowApp"),
                condition=is_created,
            ),
            output(
                "MlflowUrlCommand",
                "Command that prints a link to MLflow. Run it with your own credentials.",
                Sub(
                    "aws --region ${AWS::Region} sagemaker create-presigned-mlflow-app-url --arn ${App}"
                    " --query AuthorizedUrl --output text",
                    App=Ref("MlflowApp"),
                ),
                condition=is_created,
            ),
        ],
        grants=[_track()],
        has_grants=has_grants,
    )


def _app(is_created: NamedCondition, project: Project, storage: Storage, role: ExecutionRole) -> sagemaker.MlflowApp:
    """Build the app. It uses the execution role during its creation, so it waits for the policies of the role.

    It waits through a property that can be updated. With a create-only property, a plan would show a possible
    replacement whenever a policy is added.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateMlflowApp.html
    """
    return sagemaker.MlflowApp(
        "MlflowApp",
        Condition=is_created.name,
        ArtifactStoreUri=role.once_attached(Sub("s3://${Bucket}/mlflow/", Bucket=storage.models.name())),
        Name=project.unique_name(),
        RoleArn=role.execution_arn(),
        Tags=project.tags(),
    )


def _track() -> Grant:
    """Allow the role to track experiments in this app and to open it.

    The actions of MLflow are documented for tracking servers. It is inferred that apps use the same actions.

    Source: https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-app-setup-prerequisites-iam.html
    Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemakerwithmlflow.html
    """
    return allow(
        "TrackWithMlflow",
        [
            *actions("sagemaker", "CallMlflowAppApi", "CreatePresignedMlflowAppUrl", "DescribeMlflowApp"),
            *actions("sagemaker-mlflow", *MLFLOW_ACTIONS),
        ],
        [Ref("MlflowApp")],
    )

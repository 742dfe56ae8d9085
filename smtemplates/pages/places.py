"""Keep the places of the boxes on the pages, by the title of the console group, and the purposes of the resources.

These tables are kept by hand. Everything else about the layout is computed from the places (layout.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from smtemplates.errors import TemplateError

FILE = "smtemplates/pages/places.py"
Place = tuple[int, int]

# Column from the left, then row from the top. Boxes in a column are stacked without overlapping, whatever their size.
PLACES: Mapping[str, Place] = {
    "Notebook": (1, 1),
    "Studio": (1, 2),
    "Endpoint": (1, 3),
    "Monitoring": (1, 4),
    "Access": (2, 1),
    "Network": (2, 2),
    "Initializer": (2, 3),
    "Registry": (3, 1),
    "Tracking": (3, 2),
    "Storage": (3, 3),
    "Encryption": (3, 4),
}

# The purpose of each resource of the workspace, in a few words. A plan shows it before the logical ID.
PURPOSES: Mapping[str, str] = {
    "InputBucket": "Bucket for input data",
    "InputBucketPolicy": "Access rules of the bucket for input data",
    "OutputBucket": "Bucket for results",
    "OutputBucketPolicy": "Access rules of the bucket for results",
    "ModelBucket": "Bucket for models",
    "ModelBucketPolicy": "Access rules of the bucket for models",
    "EncryptionKey": "KMS key that encrypts the data of the workspace",
    "ExecutionRole": "Role of notebooks, Studio, jobs and endpoints",
    "DataPolicy": "Permissions for data, and limits for jobs",
    "JobsPolicy": "Permissions for training, tuning, processing and transform jobs",
    "WorkflowPolicy": "Permissions for endpoints, pipelines and experiments",
    "PacksPolicy": "Permissions of workflow packs in SageMaker",
    "ServicePacksPolicy": "Permissions of workflow packs in other services",
    "IsolationPolicy": "Boundary that denies access to other projects",
    "SecurityGroup": "Firewall of jobs, notebook and Studio",
    "SecurityGroupFromMembers": "Traffic that members of the security group receive",
    "SecurityGroupToMembers": "Traffic that members of the security group send",
    "Notebook": "Notebook instance",
    "NotebookLifecycle": "Start script of the notebook instance",
    "NotebookPolicy": "Permissions for the notebook instance",
    "StudioRepository": "Repository for custom images of Studio",
    "StudioLabImage": "Custom image of JupyterLab",
    "StudioLabImageVersion": "Version of the custom image of JupyterLab",
    "StudioLabImageConfig": "Settings of the custom image of JupyterLab",
    "StudioCodeEditorImage": "Custom image of Code Editor",
    "StudioCodeEditorImageVersion": "Version of the custom image of Code Editor",
    "StudioCodeEditorImageConfig": "Settings of the custom image of Code Editor",
    "StudioSettings": "Settings that start scripts of Studio read",
    "StudioLabLifecycle": "Start script of JupyterLab",
    "StudioCodeEditorLifecycle": "Start script of Code Editor",
    "Domain": "Studio domain",
    **{f"UserProfile{number}": f"Studio user number {number}" for number in range(1, 6)},
    "StudioPolicy": "Permissions for Studio",
    "ModelPackageGroup": "Model registry",
    "RegistryPolicy": "Permissions for the model registry and MLflow",
    "MlflowApp": "MLflow app that tracks experiments",
    "TrackingPolicy": "Permissions for MLflow",
    "AlarmTopic": "Topic that sends alarms and notifications by email",
    "AlarmTopicPolicy": "Access rules of the topic",
    "AlarmSubscription": "Email address that receives alarms",
    "EndpointErrorsAlarm": "Alarm on errors of endpoints",
    "EndpointLatencyAlarm": "Alarm on slow responses of endpoints",
    "EndpointIdleAlarm": "Alarm on an endpoint without requests",
    "NotificationRole": "Role that publishes notifications",
    "JobFailures": "Notifications of failed jobs",
    "EndpointFailures": "Notifications of failed endpoints",
    "ModelApprovals": "Notifications of model approvals",
    "UndeliveredEvents": "Queue for notifications that could not be delivered",
    "UndeliveredEventsPolicy": "Access rules of the queue for undelivered notifications",
    "UndeliveredEventsAlarm": "Alarm on undelivered notifications",
    "Budget": "Monthly budget of the project",
    "Dashboard": "Dashboard",
    "Model": "Model that the endpoint serves",
    "EndpointConfig": "Configuration of the endpoint",
    "Endpoint": "Endpoint",
    "EndpointRollbackErrorsAlarm": "Alarm on errors that rolls back an endpoint update",
    "EndpointRollbackLatencyAlarm": "Alarm on slow responses that rolls back an endpoint update",
    "EndpointScaling": "Minimum and maximum number of instances of the endpoint",
    "EndpointScalingPolicy": "Rule that adds and removes instances of the endpoint",
    "Initializer": "Function that creates folders and log groups",
    "InitializerRole": "Role of the function that creates folders and log groups",
    "InitializerLogGroup": "Logs of the function that creates folders and log groups",
    "Folders": "Folders in the buckets",
    "LogGroups": "Log groups of jobs, notebook, Studio and endpoints",
}


def missing_places(titles: Iterable[str], places: Mapping[str, Place] = PLACES) -> list[str]:
    """Return a sentence for each title without a place, with the row to add.

    The row is an example that can be used unchanged: the next free row of the column with the fewest boxes.
    """
    boxes = Counter(column for column, _ in places.values()) or Counter({1: 0})
    last = {column: max((row for found, row in places.values() if found == column), default=0) for column in boxes}
    sentences = []
    for title in dict.fromkeys(titles):
        if title not in places:
            column = min(sorted(boxes), key=boxes.__getitem__)
            boxes[column] += 1
            last[column] += 1
            row = f'"{title}": ({column}, {last[column]}),'
            advice = f"Add its column and row to PLACES, for example: {row}"
            sentences.append(f"{FILE}: {title} has no place in the drawing of a plan. {advice}")
    return sentences


def check_places(titles: Iterable[str], places: Mapping[str, Place] = PLACES) -> None:
    """Check that every title has a place.

    Raises:
        TemplateError: titles are missing from the table. The message names all of them.
    """
    if sentences := missing_places(titles, places):
        raise TemplateError("\n".join(sentences))


def missing_purposes(names: Iterable[str]) -> list[str]:
    """Return a sentence for each resource without a purpose."""
    return [
        f"{FILE}: {name} has no purpose. Add its purpose to PURPOSES, for example: Bucket for input data."
        for name in names
        if name not in PURPOSES
    ]

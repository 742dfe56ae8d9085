"""The content of change sets, and the effects of their execution."""

from __future__ import annotations

import copy
from typing import Any

from smtemplates.aws_data.usage_prices import REQUESTS, SECRET_HOUR
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.resources import drift
from smtemplates.prove.experiment import Charge, Experiment, RefutedError
from smtemplates.prove.logs import LOG_GROUP
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import listening, only, with_properties, with_resources, workspace

QUEUE, TOPIC, SUBSCRIPTION = "UndeliveredEvents", "AlarmTopic", "Subscription"
ATTRIBUTE = "MessageRetentionPeriod"
CHANGED_SECONDS = "3600"
A_QUEUE = "a stack with the queue for undelivered events"


def queue_alone() -> dict[str, Any]:
    """Return a template with the queue for undelivered events."""
    return only(workspace(["monitoring"]), QUEUE)


def run_drift(trial: Trial) -> str:
    """Change the retention of a queue outside the stack, and let a deployment revert it."""
    template = queue_alone()
    trial.deploy(template)
    queue = trial.physical_id(QUEUE)

    def retention() -> str:
        found = trial.call("sqs", "get_queue_attributes", QueueUrl=queue, AttributeNames=[ATTRIBUTE])
        return str(found["Attributes"][ATTRIBUTE])

    before = retention()
    trial.call("sqs", "set_queue_attributes", QueueUrl=queue, Attributes={ATTRIBUTE: CHANGED_SECONDS})
    found = drift.detect(trial.cloud, trial.stack)
    trial.check([one.logical_id for one in found.drifted], [QUEUE], "Resources with drift")
    differences = [(one.path, one.expected, one.actual) for one in found.drifted[0].differences]
    trial.check(differences, [(f"/{ATTRIBUTE}", before, CHANGED_SECONDS)], "Differences")
    trial.only_in_aws("its change sets do not revert drift.")
    plan = trial.plan(template, revert_drift=True)
    planned = [
        (one.path.rpartition("/")[2], str(one.actual), str(one.after))
        for change in plan.changes
        if change.logical_id == QUEUE
        for one in change.properties
        if one.drifted
    ]
    trial.check(planned, [(ATTRIBUTE, CHANGED_SECONDS, before)], "The actual and the new value in the plan")
    trial.deploy(template, refuting=True, revert_drift=True)
    after = retention()
    if after != before:
        raise RefutedError(f"The deployment succeeded, but the retention of the queue is {after} seconds.")
    return "The plan showed the actual value, and the deployment restored the value of the template."


def run_values(trial: Trial) -> str:
    """Plan a changed and an added property."""
    template = queue_alone()
    trial.deploy(template)
    trial.only_in_aws("its change sets contain no values.")
    before = str(template["Resources"][QUEUE]["Properties"][ATTRIBUTE])
    plan = trial.plan(with_properties(template, QUEUE, {ATTRIBUTE: int(CHANGED_SECONDS), "DelaySeconds": 5}))
    found = {
        one.path.rpartition("/")[2]: (None if one.before is None else str(one.before), str(one.after))
        for change in plan.changes
        for one in change.properties
    }
    expected = {ATTRIBUTE: (before, CHANGED_SECONDS), "DelaySeconds": (None, "5")}
    trial.check(found, expected, "The values before and after in the plan")
    return "The plan contained the value of each property before and after the change."


def run_names(trial: Trial) -> str:
    """Update a topic in place, to which a subscription refers with a property that requires a replacement."""
    template = with_resources(workspace(["monitoring"]), listening(TOPIC))
    template = only(template, SUBSCRIPTION)
    trial.deploy(template)
    before = trial.physical_id(SUBSCRIPTION)
    changed = with_properties(template, TOPIC, {"DisplayName": "changed"})
    plan = trial.plan(changed)
    fates = {change.logical_id: change.fate for change in plan.changes}
    trial.check(fates.get(TOPIC), "update", "The topic in the plan")
    trial.check(fates.get(SUBSCRIPTION, "update"), "update", "The subscription in the plan")
    trial.deploy(changed)
    trial.check(trial.physical_id(SUBSCRIPTION), before, "The ID of the subscription after the update")
    return "The update of the topic did not replace the subscription, as the plan predicted."


def run_settings(trial: Trial) -> str:
    """Change only the topic that receives the events of the stack."""
    topic = {"Progress": {"Type": "AWS::SNS::Topic"}}
    template = with_resources(queue_alone(), topic, {"Progress": {"Ref": "Progress"}})
    arn = trial.deploy(template)["Progress"]
    trial.only_in_aws("its stacks send no events to topics.")
    trial.deploy(template, refuting=True, notification_arns=(arn,))
    trial.check(stacks.get(trial.cloud, trial.stack).notification_arns, (arn,), "Topics of the stack")
    trial.deploy(template, refuting=True, notification_arns=())
    trial.check(stacks.get(trial.cloud, trial.stack).notification_arns, (), "Topics of the stack")
    return "The settings of the stack changed, although nothing else did."


def run_import(trial: Trial) -> str:
    """Retain a log group of the stack, and import it again by its name."""
    name = trial.new_name()
    properties = {"LogGroupName": name, "Tags": trial.tag_list}
    group = {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain", "Properties": properties}
    with_group = with_resources(queue_alone(), {"Kept": group})
    trial.created.append((LOG_GROUP, name))
    trial.deploy(with_group)
    trial.deploy(queue_alone())
    plan = trial.plan(with_group, import_existing=True)
    trial.check([(one.logical_id, one.fate) for one in plan.changes], [("Kept", "import")], "The plan")
    trial.deploy(with_group, refuting=True, import_existing=True)
    trial.check(trial.physical_id("Kept"), name, "The ID of the imported log group")
    return "The deployment imported the log group."


def run_references(trial: Trial) -> str:
    """Pass a dynamic reference as the value of a parameter."""
    name, key, value = trial.new_name(), "display", "proven"
    secret = {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {"Name": name, "SecretString": f'{{"{key}": "{value}"}}'},
    }
    template = with_resources(queue_alone(), {"Secret": secret})
    trial.deploy(template)
    using: dict[str, Any] = copy.deepcopy(template)
    # only the text of the reference matches the pattern, and not the value of the secret
    using["Parameters"] = {
        "Value": {"Type": "String", "AllowedPattern": r"\{\{resolve:.*\}\}", "Default": "{{resolve:}}"}
    }
    using["Resources"]["Named"] = {
        "Type": "AWS::SNS::Topic",
        "DependsOn": "Secret",
        "Properties": {"DisplayName": {"Ref": "Value"}},
    }
    reference = f"{{{{resolve:secretsmanager:{name}:SecretString:{key}}}}}"
    trial.deploy(using, refuting=True, parameters={"Value": reference})
    found = trial.call("sns", "get_topic_attributes", TopicArn=trial.physical_id("Named"))
    trial.check(found["Attributes"].get("DisplayName"), value, "The display name of the topic")
    return "CloudFormation resolved the reference in the value of the parameter."


DRIFT_EXPERIMENT = Experiment(
    name="drift-revert",
    creates=(A_QUEUE,),
    asks=(
        "Set the retention of the queue to one hour with the API of SQS.",
        "Detect the drift of the stack.",
        "Plan a deployment with --revert-drift, deploy it, and read the retention of the queue.",
    ),
    refuted_by="The drift is not found, the plan does not contain the actual value, or the value is not restored.",
    charges=(Charge(1, REQUESTS),),
    minutes=20,
    run=run_drift,
)
VALUES_EXPERIMENT = Experiment(
    name="plan-values",
    creates=(A_QUEUE,),
    asks=("Plan an update that changes the retention of the queue and adds a delay.",),
    refuted_by="The plan does not contain exactly the values of both properties before and after the change.",
    charges=(Charge(1, REQUESTS),),
    minutes=10,
    run=run_values,
)
NAMES_EXPERIMENT = Experiment(
    name="kept-names",
    creates=("a stack with the topic for notifications, a queue, and the subscription of the queue to the topic",),
    asks=(
        "Plan an update that changes the display name of the topic.",
        "Deploy it, and read the ID of the subscription, which refers to the topic.",
    ),
    refuted_by="The plan announces that the subscription may be replaced, or its ID is another one after the update.",
    charges=(Charge(1, REQUESTS),),
    minutes=15,
    run=run_names,
)
SETTINGS_EXPERIMENT = Experiment(
    name="settings-update",
    creates=("a stack with the queue for undelivered events, and a topic",),
    asks=(
        "Deploy the same template again with the topic as the receiver of the events of the stack.",
        "Deploy it again without a receiver.",
        "Read the receivers of the stack after each deployment.",
    ),
    refuted_by="A deployment fails, or the receivers of the stack are not those of the deployment.",
    charges=(Charge(1, REQUESTS),),
    minutes=15,
    run=run_settings,
)
IMPORT_EXPERIMENT = Experiment(
    name="import-existing",
    creates=("a stack with a queue and an empty log group, whose name is in the template and which is retained",),
    asks=(
        "Deploy the template without the log group, so that the log group is outside the stack.",
        "Plan and deploy the template with the log group and --import-existing.",
    ),
    refuted_by="The plan does not contain the import, or the deployment fails.",
    charges=(Charge(1, REQUESTS),),
    minutes=20,
    run=run_import,
)
REFERENCES_EXPERIMENT = Experiment(
    name="dynamic-references",
    creates=("a stack with a queue and a secret, and later a topic whose display name is the value of a parameter",),
    asks=(
        "Deploy with a reference to the secret as the value of the parameter, whose pattern accepts only references.",
        "Read the display name of the topic.",
    ),
    refuted_by="The deployment fails, or the display name is not the value in the secret.",
    charges=(Charge(1, SECRET_HOUR), Charge(1, REQUESTS)),
    minutes=15,
    run=run_references,
)

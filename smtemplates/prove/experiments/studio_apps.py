"""Studio apps that run: the grants of their volumes, their lifecycle scripts, and their source identity."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from smtemplates.aws.errors import DENIED, CloudError
from smtemplates.aws.session import Cloud
from smtemplates.aws_data.usage_prices import KEY_HOUR, NAT_HOUR, REQUESTS, T3_MEDIUM_HOUR
from smtemplates.prove import jobs, studio
from smtemplates.prove.experiment import Charge, Experiment, LateError, RefutedError
from smtemplates.prove.logs import STUDIO, log_streams
from smtemplates.prove.roles import ROLE_MINUTES, as_role
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import with_properties, with_resources

NO_APPS = "it runs no apps."
APPS = {"JupyterLab": "StudioLabLifecycle", "CodeEditor": "StudioCodeEditorLifecycle"}
PACKAGE = "tabulate"
SETUP_MINUTES = 15
# CloudTrail delivers logs within about 5 minutes on average, without a guaranteed time. AWS does not document the time
# until its event history contains an event.
# Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html
TRAIL_MINUTES = 30
# Waits for the environment, and copies the output of its Python to the output bucket.
OBSERVER = f"""\
#!/bin/bash
observe() {{
  for _ in $(seq 80); do
    [ -x ~/.smtemplates/current/bin/python ] && break
    sleep 10
  done
  ~/.smtemplates/current/bin/python -c 'import {PACKAGE}; print("{PACKAGE}")' >~/observed 2>&1
  aws s3 cp ~/observed s3://$BUCKET/processing/$APP.txt
}}
(trap '' HUP && observe) </dev/null >~/observer.log 2>&1 &
"""


def with_kms_error(error: CloudError) -> bool:
    """Return whether a call failed because of the key, for which services use different error codes."""
    return "kms" in str(error).lower()


def create(trial: Trial, role: Cloud, operation: str, request: Mapping[str, Any]) -> None:
    """Create a space or an app with a role. Its policies have an effect only after some seconds.

    Raises:
        RefutedError: The role may not do it, or not with the key.
    """
    reason = ""

    def question() -> bool | None:
        nonlocal reason
        try:
            role.call("sagemaker", operation, **request)
        except CloudError as error:
            if error.code not in DENIED and not with_kms_error(error):
                raise
            reason = str(error)
            return None
        return True

    try:
        trial.until(f"the role can call {operation}", question, minutes=ROLE_MINUTES)
    except LateError as error:
        raise RefutedError(f"The role cannot call {operation}. {reason}") from error


def run_grants(trial: Trial) -> str:
    """Create a space and an app with the execution role in a domain with a customer key."""
    network = trial.deploy(studio.network(internet=True))
    actions = ("sagemaker:AddTags", "sagemaker:CreateApp", "sagemaker:CreateSpace")
    outputs = studio.domain(
        trial,
        network,
        fix={"CreateKmsKey": "true"},
        change=lambda template: with_resources(
            studio.assumable(template, *actions), {}, {"Key": {"Fn::GetAtt": ["EncryptionKey", "Arn"]}}
        ),
    )
    role = as_role(trial, outputs["ExecutionRoleArn"])
    trial.only_in_aws("its spaces have no volumes.")
    jobs.log_group(trial, "studio")
    space = studio.space_request(trial, outputs["DomainId"], "JupyterLab")
    create(trial, role, "create_space", space)
    studio.wait_for_space(trial, space)
    app = studio.app_request(trial, space)
    create(trial, role, "create_app", app)
    studio.check_running(trial, app)
    grants = trial.call("kms", "list_grants", KeyId=outputs["Key"])["Grants"]
    if not grants:
        raise RefutedError("The app runs, but the key has no grant, so its volume does not use the key.")
    trial.note(f"Grants of the key: {len(grants)}")
    return "The execution role created a space with a volume and its app, and the key has grants for it."


def observed(template: dict[str, Any]) -> dict[str, Any]:
    """Return a domain whose apps can also start with a script that reports the Python environment."""
    for app in APPS:
        lines = ["#!/bin/bash\nAPP=", app, "\nBUCKET=", {"Ref": "OutputBucket"}, "\n", OBSERVER.partition("\n")[2]]
        properties = {
            "StudioLifecycleConfigAppType": app,
            "StudioLifecycleConfigContent": {"Fn::Base64": {"Fn::Join": ["", lines]}},
            "StudioLifecycleConfigName": {"Fn::Sub": f"${{AWS::StackName}}-{app.lower()}"},
        }
        observer = {"Type": "AWS::SageMaker::StudioLifecycleConfig", "Properties": properties}
        arn = {"Fn::GetAtt": [f"{app}Observer", "StudioLifecycleConfigArn"]}
        template = with_resources(template, {f"{app}Observer": observer}, {f"{app}Observer": arn})
        settings = template["Resources"]["Domain"]["Properties"]["DefaultUserSettings"]
        key = f"{app}AppSettings"
        changed = {**settings, key: {**settings[key], "LifecycleConfigArns": [arn]}}
        template = with_properties(template, "Domain", {"DefaultUserSettings": changed})
    return template


def run_scripts(trial: Trial) -> str:
    """Start both types of app, and wait for the Python environment that their scripts create."""
    network = trial.deploy(studio.network(internet=True))
    outputs = studio.domain(trial, network, fix={"NotebookPackages": PACKAGE}, change=observed)
    trial.only_in_aws(NO_APPS)
    domain = outputs["DomainId"]
    apps = {name: studio.start(trial, domain, name, LifecycleConfigArn=outputs[f"{name}Observer"]) for name in APPS}
    for app in apps.values():
        studio.check_running(trial, app)
    for name in apps:
        result = f"s3://{outputs['OutputBucketName']}/processing/{name}.txt"

        def question(uri: str = result) -> bytes | None:
            return jobs.object_at(trial, uri)

        found = trial.until(f"the app {name} reports its environment", question, minutes=SETUP_MINUTES)
        trial.check(found.decode().strip(), PACKAGE, f"The output of the Python environment of {name}")
    streams = log_streams(trial.cloud, STUDIO, f"{domain}/")
    trial.note(f"Log streams of the domain: {len(streams)}")
    return "The scripts of both types of app ended without an error, and their Python environments exist."


def identities(trial: Trial, role: str, began: datetime) -> set[str | None]:
    """Return the source identities with which a role has read parameters of Systems Manager."""
    attributes = [{"AttributeKey": "EventName", "AttributeValue": "GetParameter"}]
    events = trial.cloud.pages("cloudtrail", "lookup_events", "Events", LookupAttributes=attributes, StartTime=began)
    contexts = [json.loads(one["CloudTrailEvent"])["userIdentity"].get("sessionContext", {}) for one in events]
    return {one.get("sourceIdentity") for one in contexts if one.get("sessionIssuer", {}).get("arn") == role}


def run_identity(trial: Trial) -> str:
    """Start an app, whose script calls Systems Manager, and read the source identity of that call in CloudTrail."""
    began = datetime.now(timezone.utc)
    network = trial.deploy(studio.network(internet=True))
    outputs = studio.domain(trial, network, fix={"StudioSourceIdentity": "true"})
    trial.only_in_aws(NO_APPS)
    studio.check_running(trial, studio.start(trial, outputs["DomainId"], "JupyterLab"))

    def question() -> set[str | None] | None:
        return identities(trial, outputs["ExecutionRoleArn"], began) or None

    found = trial.until("CloudTrail has the call of the script", question, minutes=TRAIL_MINUTES, every=60)
    trial.check(found, {studio.PROFILE}, "The source identity of the call of the script")
    return "The app ran, and its calls had the name of the user profile as source identity."


A_NETWORK = "a stack with a VPC, a private subnet and a NAT gateway"
A_DOMAIN = "a second stack with a Studio domain and a user profile in this VPC, the execution role and three buckets"
HOURS = Decimal("1.5")
GRANTS_EXPERIMENT = Experiment(
    name="studio-grants",
    creates=(
        A_NETWORK,
        f"{A_DOMAIN}, encrypted with a KMS key of the stack; the account can assume the role to create spaces",
        "a space with a volume of 5 GB, and a JupyterLab app on an ml.t3.medium",
    ),
    asks=(
        "Create the space and the app with the execution role, whose kms:CreateGrant has the condition kms:ViaService.",
        "Read the status of both, and list the grants of the key.",
    ),
    refuted_by="A call is denied, the space or the app fails for another reason than capacity or a quota, or the key "
    "has no grant.",
    charges=(
        Charge(1, KEY_HOUR),
        Charge(HOURS, NAT_HOUR),
        Charge(HOURS, T3_MEDIUM_HOUR),
        Charge(2, REQUESTS),
    ),
    minutes=90,
    run=run_grants,
)
SCRIPTS_EXPERIMENT = Experiment(
    name="studio-scripts",
    creates=(
        A_NETWORK,
        f"{A_DOMAIN}, and two lifecycle configurations that report the Python environment",
        "two spaces with volumes of 5 GB, and a JupyterLab and a Code Editor app, each on an ml.t3.medium",
    ),
    asks=(
        "Start both apps, which run the scripts of the workspace, and read their status.",
        f"Import the package {PACKAGE} with the Python of the environment, and read the output from the bucket.",
    ),
    refuted_by="An app fails for another reason than capacity or a quota, or the output is another one.",
    charges=(Charge(HOURS, NAT_HOUR), Charge(2 * HOURS, T3_MEDIUM_HOUR), Charge(2, REQUESTS)),
    minutes=90,
    run=run_scripts,
)
IDENTITY_EXPERIMENT = Experiment(
    name="source-identity",
    creates=(
        A_NETWORK,
        f"{A_DOMAIN}, with StudioSourceIdentity",
        "a space with a volume of 5 GB, and a JupyterLab app on an ml.t3.medium",
    ),
    asks=(
        "Start the app, whose script reads a parameter of Systems Manager, and read its status.",
        "Read the source identity of that call in CloudTrail.",
    ),
    refuted_by="The app fails for another reason than capacity or a quota, or the source identity is not the name of "
    "the user profile.",
    charges=(Charge(HOURS, NAT_HOUR), Charge(HOURS, T3_MEDIUM_HOUR), Charge(2, REQUESTS)),
    minutes=90,
    run=run_identity,
)

"""Requests with the execution role, and the combinations of parameters that allow them, as a table for reviewers.

`ALLOWED`, `LIMITED` and `DENIED` are lists of (action, resource, context, when). A request is allowed in the
combinations for which `when` is true, and denied in all others. Words in braces are names in the combination. `{here}`
is its Region and account.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from access.combinations import Combination
from access.simulator import Context

When = Callable[[Combination], bool]
Row = tuple[str, str, Context, When]

SUBNET = "subnet-0123456789abcdef0"
NOTEBOOK_SUBNET = "subnet-0123456789abcdeff"
S3 = "arn:aws:s3:::"
SM = "arn:aws:sagemaker:{here}"
EC2 = "arn:aws:ec2:{here}"
LOGS = "arn:aws:logs:{here}log-group:"
ALARM = "arn:aws:cloudwatch:{here}alarm:"
ALARMS = [f"{ALARM}sagemaker-workspace-Endpoint{kind}Alarm-1ABCDEFGHIJKL" for kind in ("Errors", "Latency")]
TYPES, RUNTIME = "sagemaker:InstanceTypes", "sagemaker:MaxRuntimeInSeconds"
WARM = "sagemaker:KeepAlivePeriod"
IN_VPC: Context = {"sagemaker:VpcSubnets": [SUBNET], "sagemaker:VpcSecurityGroupIds": ["{security_group}"]}
JOB: Context = {**IN_VPC, TYPES: ["ml.m5.large"], RUNTIME: "3600"}
OWN = "user-profile/d-abcdefghijkl/ana"
ANA: Context = {"sagemaker:DomainId": "d-abcdefghijkl", "sagemaker:UserProfileName": "ana"}
ANAS: Context = {
    **ANA,
    "sagemaker:OwnerUserProfileArn": f"{SM}{OWN}",
    "sagemaker:SpaceSharingType": "Private",
}
APPROVE: Context = {"sagemaker:ModelApprovalStatus": "Approved"}
PENDING: Context = {"sagemaker:ModelApprovalStatus": "PendingManualApproval"}
JOBS = {
    "TrainingJob": "training-job",
    "ProcessingJob": "processing-job",
    "HyperParameterTuningJob": "hyper-parameter-tuning-job",
}
PACKAGE, GROUP = f"{SM}model-package/{{group}}/1", f"{SM}model-package-group/{{group}}"
VIA = "kms:ViaService"


def always(_: Combination) -> bool:
    """Return true for all combinations."""
    return True


def never(_: Combination) -> bool:
    """Return false for all combinations."""
    return False


def on(*options: str) -> When:
    """Return a test for combinations in which all of these options are on."""
    return lambda combination: all(combination[option] for option in options)


def off(*options: str) -> When:
    """Return a test for combinations in which all of these options are off."""
    return lambda combination: not any(combination[option] for option in options)


def has_notebook_subnet(combination: Combination) -> bool:
    """Return true for combinations in which the notebook has its own subnet in the VPC."""
    return bool(combination["vpc"]) and combination["notebook"] == "own subnet"


def each(
    service: str, names: str, resource: str = "*", context: Context | None = None, when: When = always
) -> list[Row]:
    """Return rows for several actions of one service on one resource."""
    return [(f"{service}:{name}", resource, context or {}, when) for name in names.split()]


def _jobs() -> Iterable[Row]:
    for kind, resource in JOBS.items():
        arn = f"{SM}{resource}/churn-1"
        yield from each("sagemaker", f"Create{kind}", arn, JOB)
        yield from each("sagemaker", f"Delete{kind} Describe{kind} Stop{kind}", arn)
    transform = f"{SM}transform-job/churn-1"
    yield from each("sagemaker", "CreateTransformJob", transform, {TYPES: ["ml.m5.large"]})
    yield from each("sagemaker", "DescribeTransformJob StopTransformJob", transform)
    yield from each("sagemaker", "UpdateTrainingJob", f"{SM}training-job/churn-1")
    yield from each(
        "sagemaker", "AddTags", f"{SM}training-job/churn-1", {"sagemaker:TaggingAction": "CreateTrainingJob"}
    )
    yield from each("sagemaker", "ListTrainingJobs ListModels ListPipelines Search GetSearchSuggestions QueryLineage")
    yield from each("ecr", "GetAuthorizationToken")
    for account in ("{account}", "763104351884"):
        images = f"arn:aws:ecr:us-east-1:{account}:repository/pytorch-training"
        yield from each("ecr", "BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer", images)
    group = f"{LOGS}/aws/sagemaker/TrainingJobs"
    yield from each("logs", "CreateLogGroup DescribeLogStreams FilterLogEvents", group)
    yield from each("logs", "CreateLogStream GetLogEvents PutLogEvents", f"{group}:log-stream:churn-1")
    for namespace in ("/aws/sagemaker/TrainingJobs", "aws/sagemaker/Custom", "AWS/SageMaker"):
        yield from each("cloudwatch", "PutMetricData", "*", {"cloudwatch:namespace": namespace})
    yield from each("cloudwatch", "GetMetricData GetMetricStatistics")  # TrainingJobAnalytics of the SDK


def _hosting() -> Iterable[Row]:
    yield from each("sagemaker", "CreateModel", f"{SM}model/churn", IN_VPC)
    yield from each("sagemaker", "DeleteModel DescribeModel", f"{SM}model/churn")
    config = f"{SM}endpoint-config/churn"
    yield from each("sagemaker", "CreateEndpointConfig", config, {TYPES: ["ml.m5.large"]})
    yield from each("sagemaker", "DeleteEndpointConfig DescribeEndpointConfig", config)
    names = "CreateEndpoint DeleteEndpoint DescribeEndpoint InvokeEndpoint InvokeEndpointAsync UpdateEndpoint"
    more = " InvokeEndpointWithResponseStream UpdateEndpointWeightsAndCapacities"
    yield from each("sagemaker", names + more, f"{SM}endpoint/churn")
    names = "CreateInferenceComponent DeleteInferenceComponent DescribeInferenceComponent UpdateInferenceComponent"
    more = " UpdateInferenceComponentRuntimeConfig"
    yield from each("sagemaker", names + more, f"{SM}inference-component/churn")
    yield from each("sagemaker", "CreateInferenceComponent", f"{SM}endpoint/churn")
    for alarm in ALARMS:
        yield from each("cloudwatch", "DescribeAlarms", alarm)


def _workflows() -> Iterable[Row]:
    run = f"{SM}pipeline/churn"
    yield from each(
        "sagemaker", "CreatePipeline DeletePipeline DescribePipeline UpdatePipeline StartPipelineExecution", run
    )
    yield from each("sagemaker", "AddTags UpdatePipelineVersion", run)  # pipeline.upsert(tags=...) a second time
    yield from each(
        "sagemaker", "SendPipelineExecutionStepFailure SendPipelineExecutionStepSuccess", f"{run}/execution/1"
    )
    names = "DescribePipelineDefinitionForExecution DescribePipelineExecution RetryPipelineExecution"
    yield from each("sagemaker", f"{names} StopPipelineExecution UpdatePipelineExecution", f"{run}/execution/1")
    kinds = {
        "Action": "action",
        "Artifact": "artifact",
        "Context": "context",
        "Experiment": "experiment",
        "Trial": "experiment-trial",
        "TrialComponent": "experiment-trial-component",
    }
    for kind, resource in kinds.items():
        arn = f"{SM}{resource}/churn"
        yield from each("sagemaker", f"Create{kind} Delete{kind} Describe{kind} Update{kind}", arn)
    component = f"{SM}experiment-trial-component/churn"
    names = "AssociateTrialComponent DisassociateTrialComponent BatchGetMetrics BatchPutMetrics"
    yield from each("sagemaker", f"{names} AddAssociation DeleteAssociation", component)


def _data() -> Iterable[Row]:
    for bucket in ("input", "output", "models"):
        names = "GetBucketLocation ListBucket ListBucketMultipartUploads ListBucketVersions"
        yield from each("s3", names, f"{S3}{{{bucket}}}")
        # copy more than 8 MB between the buckets; restore an older version
        names = "GetObject GetObjectTagging GetObjectVersion GetObjectVersionTagging"
        yield from each("s3", names, f"{S3}{{{bucket}}}/training/a.csv")
    for bucket in ("output", "models"):
        names = "AbortMultipartUpload ListMultipartUploadParts PutObject PutObjectTagging"
        yield from each("s3", names, f"{S3}{{{bucket}}}/output/model.tar.gz")
    yield from each("s3", "DeleteObject", f"{S3}{{output}}/output/model.tar.gz")
    names = "Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"
    for service in ("s3", "sagemaker", "ec2"):
        yield from each("kms", names, "{key}", {VIA: f"{service}.us-east-1.amazonaws.com"}, on("key"))
    for service in ("sagemaker", "ec2"):
        yield from each("kms", "CreateGrant", "{key}", {VIA: f"{service}.us-east-1.amazonaws.com"}, on("key"))
    yield from each("iam", "PassRole", "{role}", {"iam:PassedToService": "sagemaker.amazonaws.com"})
    yield from each("iam", "GetRole", "{role}")


def _network() -> Iterable[Row]:
    vpc = on("vpc")
    interface = f"{EC2}network-interface/eni-1"
    yield from each("ec2", "CreateNetworkInterface", interface, when=vpc)
    for account in ("{account}", "444455556666"):  # another account can own the VPC
        inside = {"ec2:Vpc": f"arn:aws:ec2:us-east-1:{account}:vpc/vpc-0123456789abcdef0"}
        yield from each("ec2", "DeleteNetworkInterface DeleteNetworkInterfacePermission", interface, inside, vpc)
    yield from each("ec2", "CreateNetworkInterface", f"{EC2}subnet/{SUBNET}", {"ec2:SubnetID": SUBNET}, vpc)
    own = {"ec2:SubnetID": NOTEBOOK_SUBNET}
    yield from each("ec2", "CreateNetworkInterface", f"{EC2}subnet/{NOTEBOOK_SUBNET}", own, has_notebook_subnet)
    group = {"ec2:SecurityGroupID": "{security_group}"}
    yield from each("ec2", "CreateNetworkInterface", f"{EC2}security-group/{{security_group}}", group, vpc)
    names = "CreateNetworkInterfacePermission"
    yield from each("ec2", names, interface, {**inside, "ec2:AuthorizedService": "sagemaker.amazonaws.com"}, vpc)
    names = "DescribeDhcpOptions DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs"
    yield from each("ec2", names, when=vpc)


def _features() -> Iterable[Row]:
    registry, studio = on("registry"), on("studio")
    yield from each("sagemaker", "CreateModelPackage DescribeModelPackage", PACKAGE, when=registry)
    rejected: Context = {"sagemaker:ModelApprovalStatus": "Rejected"}  # the way to withdraw a wrong version
    for status in (PENDING, rejected):
        yield from each("sagemaker", "CreateModelPackage UpdateModelPackage", PACKAGE, status, registry)
    yield from each("sagemaker", "DescribeModelPackageGroup", GROUP, when=registry)
    names = "DescribeNotebookInstance StopNotebookInstance"
    yield from each("sagemaker", names, "{notebook}", when=on("notebook"))
    kinds = {"App": "app/d-abcdefghijkl/ana/JupyterLab/default", "Domain": "domain/d-abcdefghijkl"}
    kinds |= {"Space": "space/d-abcdefghijkl/anas", "UserProfile": OWN}
    for kind, resource in kinds.items():
        yield from each("sagemaker", f"Describe{kind}", SM + resource, ANA, studio)
    yield from each("sagemaker", "CreatePresignedDomainUrl", SM + OWN, ANA, studio)
    yield from each("sagemaker", "CreateSpace DeleteSpace UpdateSpace", SM + kinds["Space"], ANAS, studio)
    yield from each("sagemaker", "CreateApp DeleteApp", f"{SM}app/d-abcdefghijkl/anas/JupyterLab/default", ANAS, studio)
    yield from each("sagemaker", "CreateApp DeleteApp", SM + kinds["App"], ANA, studio)
    yield from each("ssm", "GetParameter", "arn:aws:ssm:{here}parameter{settings}", when=studio)
    for app in ("jupyterlab", "codeeditor"):
        yield from each("sagemaker", "DescribeImage", f"{SM}image/studio-{app}-{{id}}", when=_images)
        yield from each("sagemaker", "DescribeImageVersion", f"{SM}image-version/studio-{app}-{{id}}/2", when=_images)
    names = "CallMlflowAppApi CreatePresignedMlflowAppUrl DescribeMlflowApp"
    yield from each("sagemaker", names, "{app}", when=on("mlflow"))


def _limits() -> Iterable[Row]:
    """Yield requests that only some combinations deny."""
    outside = off("vpc")
    other: Context = {**JOB, "sagemaker:VpcSubnets": ["subnet-00000000"]}
    mixed: Context = {**JOB, "sagemaker:VpcSubnets": [SUBNET, "subnet-00000000"]}
    stranger: Context = {**JOB, "sagemaker:VpcSecurityGroupIds": ["sg-00000000"]}
    for kind, resource in JOBS.items():
        arn, name = f"{SM}{resource}/churn-1", f"Create{kind}"
        bare: Context = {TYPES: ["ml.m5.large"], RUNTIME: "3600"}
        no_group: Context = {**bare, "sagemaker:VpcSubnets": [SUBNET]}
        no_subnet: Context = {**bare, "sagemaker:VpcSecurityGroupIds": ["{security_group}"]}
        for context in (bare, no_group, no_subnet, other, mixed, stranger):
            yield from each("sagemaker", name, arn, context, outside)
        yield from each("sagemaker", name, arn, {**JOB, TYPES: ["ml.p4d.24xlarge"]}, off("types"))
        yield from each("sagemaker", name, arn, {**JOB, TYPES: ["ml.m5.large", "ml.p4d.24xlarge"]}, off("types"))
        yield from each("sagemaker", name, arn, {**JOB, RUNTIME: "999999"}, off("runtime"))
        yield from each("sagemaker", name, arn, {**IN_VPC, TYPES: ["ml.m5.large"]}, off("runtime"))
    for context in (no_group, no_subnet, other, mixed, stranger):
        network = {key: value for key, value in context.items() if "Vpc" in key}
        yield from each("sagemaker", "CreateModel", f"{SM}model/churn", network, outside)
    for name, context in (("CreateTrainingJob", JOB), ("UpdateTrainingJob", {})):
        arn = f"{SM}training-job/churn-1"
        yield from each("sagemaker", name, arn, {**context, WARM: "3600"})
        yield from each("sagemaker", name, arn, {**context, WARM: "86401"}, off("runtime"))
    big = {TYPES: ["ml.p4d.24xlarge"]}
    yield from each("sagemaker", "CreateTransformJob", f"{SM}transform-job/churn-1", big, off("types"))
    yield from each("sagemaker", "CreateEndpointConfig", f"{SM}endpoint-config/churn", big, off("types"))
    space = f"{SM}space/d-abcdefghijkl/anas"
    yield from each("sagemaker", "UpdateSpace", space, {**ANAS, **big}, _studio_without_limit)
    yield from each("sagemaker", "CreateModelPackage UpdateModelPackage", PACKAGE, APPROVE, _approval)
    yield from each("sagemaker", "UpdateModelPackage", PACKAGE, when=_approval)  # for example, another artifact
    for value, name in itertools.product(("Approved", "approved", "Production", "ok"), ("Stage", "StageStatus")):
        stage: Context = {**PENDING, f"sagemaker:ModelLifeCycle:{name}": value}
        yield from each("sagemaker", "CreateModelPackage UpdateModelPackage", PACKAGE, stage, _approval)
        current: Context = {**PENDING, f"sagemaker:CurrentModelLifeCycle{name}": value}
        yield from each("sagemaker", "UpdateModelPackage", PACKAGE, current, _approval)
    approved = f"{S3}{{models}}/models/approved/churn/1/model.tar.gz"
    yield from each("s3", "PutObject PutObjectTagging", approved, when=_writes_approved)


def _studio_without_limit(combination: Combination) -> bool:
    return on("studio")(combination) and off("types")(combination)


def _images(combination: Combination) -> bool:
    return combination["studio"] == "images"


def _approval(combination: Combination) -> bool:
    return combination["registry"] == "approval"


def _writes_approved(combination: Combination) -> bool:
    return off("registry")(combination) or _approval(combination)


def _other_data() -> Iterable[Row]:
    names = "GetObject PutObject DeleteObject GetObjectVersion PutObjectTagging"
    yield from each("s3", names, f"{S3}somebody-elses/a.csv", when=never)
    yield from each("s3", "ListBucket PutBucketPolicy DeleteBucket CreateBucket", f"{S3}somebody-elses", when=never)
    names = "PutObject PutObjectTagging DeleteObject DeleteObjectVersion"
    yield from each("s3", names, f"{S3}{{input}}/training/a.csv", when=never)
    names = "DeleteObject DeleteObjectVersion PutObjectAcl BypassGovernanceRetention"
    yield from each("s3", names, f"{S3}{{models}}/models/model.tar.gz", when=never)
    yield from each("s3", "DeleteObjectVersion", f"{S3}{{output}}/output/model.tar.gz", when=never)
    names = (
        "PutBucketPolicy DeleteBucketPolicy PutBucketAcl PutBucketPublicAccessBlock PutBucketVersioning DeleteBucket"
    )
    more = " PutLifecycleConfiguration PutEncryptionConfiguration PutReplicationConfiguration"
    for bucket in ("input", "output", "models"):
        yield from each("s3", names + more, f"{S3}{{{bucket}}}", when=never)
    yield from each("s3", "ListAllMyBuckets", when=never)
    other = f"arn:aws:kms:us-east-1:{{account}}:key/00000000-0000-0000-0000-000000000000"  # noqa: F541  formatted later
    s3 = {VIA: "s3.us-east-1.amazonaws.com"}
    yield from each("kms", "Decrypt Encrypt GenerateDataKey CreateGrant", other, s3, never)
    for via in ({}, {VIA: "rds.us-east-1.amazonaws.com"}, {VIA: "s3.eu-west-1.amazonaws.com"}):
        yield from each("kms", "Decrypt Encrypt CreateGrant", "{key}", via, never)
    yield from each("kms", "CreateGrant", "{key}", s3, never)
    yield from each("kms", "ScheduleKeyDeletion PutKeyPolicy DisableKey", "{key}", s3, never)
    yield from each(
        "secretsmanager", "GetSecretValue", "arn:aws:secretsmanager:{here}secret:database-a1b2c3", when=never
    )
    yield from each("ssm", "GetParameter PutParameter", "arn:aws:ssm:{here}parameter/database/password", when=never)
    yield from each("ssm", "PutParameter", "arn:aws:ssm:{here}parameter{settings}", when=never)


def _privileges() -> Iterable[Row]:
    sagemaker: Context = {"iam:PassedToService": "sagemaker.amazonaws.com"}
    admin = "arn:aws:iam::{account}:role/administrator"
    yield from each("iam", "PassRole", admin, sagemaker, never)
    for service in ("lambda", "ec2", "glue", "states"):
        yield from each("iam", "PassRole", "{role}", {"iam:PassedToService": f"{service}.amazonaws.com"}, never)
    yield from each("iam", "PassRole", "{role}", {}, never)
    yield from each("iam", "GetRole AttachRolePolicy CreateRole PutRolePolicy", admin, when=never)
    names = "AttachRolePolicy PutRolePolicy UpdateAssumeRolePolicy DeleteRolePermissionsBoundary DetachRolePolicy"
    yield from each("iam", names, "{role}", when=never)
    yield from each("iam", "CreatePolicyVersion", "arn:aws:iam::{account}:policy/demo", when=never)
    yield from each("iam", "CreateUser CreateAccessKey", "arn:aws:iam::{account}:user/somebody", when=never)
    yield from each("sts", "AssumeRole", admin, when=never)
    yield from each("lambda", "InvokeFunction UpdateFunctionCode", "arn:aws:lambda:{here}function:demo", when=never)
    yield from each("ec2", "RunInstances", f"{EC2}instance/*", when=never)
    yield from each("cloudformation", "UpdateStack", "arn:aws:cloudformation:{here}stack/demo/1", when=never)


def _other_sagemaker_resources() -> Iterable[Row]:
    names = "CreatePresignedNotebookInstanceUrl CreateNotebookInstance StartNotebookInstance UpdateNotebookInstance"
    for notebook in ("{notebook}", f"{SM}notebook-instance/other"):
        yield from each("sagemaker", f"{names} DeleteNotebookInstance", notebook, when=never)
    names = "DescribeNotebookInstance StopNotebookInstance"
    yield from each("sagemaker", names, f"{SM}notebook-instance/other", when=never)
    names = "CreateNotebookInstanceLifecycleConfig UpdateNotebookInstanceLifecycleConfig"
    yield from each("sagemaker", names, f"{SM}notebook-instance-lifecycle-config/demo", when=never)
    names = "CreateStudioLifecycleConfig DeleteStudioLifecycleConfig"
    yield from each("sagemaker", names, f"{SM}studio-lifecycle-config/demo", when=never)
    names = "CreateCodeRepository UpdateCodeRepository"
    yield from each("sagemaker", names, f"{SM}code-repository/demo", when=never)
    domain = f"{SM}domain/d-abcdefghijkl"
    yield from each("sagemaker", "CreateDomain UpdateDomain DeleteDomain", domain, ANA, never)
    yield from each("sagemaker", "CreateUserProfile UpdateUserProfile DeleteUserProfile", SM + OWN, ANA, never)
    yield from each("sagemaker", "CreatePresignedDomainUrl", f"{SM}user-profile/d-abcdefghijkl/bo", ANA, never)
    yield from each("sagemaker", "CreatePresignedDomainUrl", f"{SM}user-profile/d-other/ana", ANA, never)
    space = f"{SM}space/d-abcdefghijkl/bos"
    bos = {**ANAS, "sagemaker:OwnerUserProfileArn": f"{SM}user-profile/d-abcdefghijkl/bo"}
    shared = {**ANAS, "sagemaker:SpaceSharingType": "Shared"}
    yield from each("sagemaker", "StartSession", f"{SM}space/d-abcdefghijkl/anas", ANAS, never)
    for context in (bos, shared, ANA):
        yield from each("sagemaker", "CreateSpace DeleteSpace UpdateSpace", space, context, never)
    for context in (bos, shared):
        yield from each(
            "sagemaker", "CreateApp DeleteApp", f"{SM}app/d-abcdefghijkl/bos/JupyterLab/default", context, never
        )
        own = f"{SM}app/d-abcdefghijkl/ana/JupyterLab/default"
        yield from each("sagemaker", "CreateApp DeleteApp", own, context, never)
    yield from each("sagemaker", "CreateApp DeleteApp", f"{SM}app/d-abcdefghijkl/bo/JupyterLab/default", ANA, never)
    names = "CreateModelPackage DescribeModelPackage UpdateModelPackage"
    yield from each("sagemaker", names, f"{SM}model-package/other/1", when=never)
    yield from each("sagemaker", "DescribeImage", f"{SM}image/other", when=never)
    own_image = f"{SM}image/studio-jupyterlab-{{id}}"
    yield from each("sagemaker", "CreateImageVersion DeleteImage UpdateImage", own_image, when=never)
    yield from each("sagemaker", "DeleteModelPackage", PACKAGE, when=never)
    yield from each("sagemaker", "DeleteModelPackageGroup PutModelPackageGroupPolicy", GROUP, when=never)
    debugged = {**JOB, "sagemaker:EnableRemoteDebug": "true"}
    yield from each("sagemaker", "CreateTrainingJob UpdateTrainingJob", f"{SM}training-job/churn-1", debugged, never)
    yield from each("sagemaker", "AddTags DeleteTags", f"{SM}training-job/churn-1", when=never)
    yield from each("sagemaker", "DeleteTags", f"{SM}pipeline/churn", when=never)
    yield from each("sagemaker", "CreateMlflowApp DeleteMlflowApp", "{app}", when=never)
    yield from each("sagemaker", "CallMlflowAppApi", f"{SM}mlflow-app/app-other", when=never)
    yield from each("sagemaker", "CreateWorkforce", f"{SM}workforce/demo", when=never)
    yield from each("sagemaker", "CreateImage", f"{SM}image/demo", when=never)


def _other_regions_and_services() -> Iterable[Row]:
    there = "arn:aws:sagemaker:eu-west-1:{account}:"
    yield from each("sagemaker", "CreateTrainingJob", f"{there}training-job/churn-1", JOB, never)
    yield from each("sagemaker", "InvokeEndpoint DescribeEndpoint", f"{there}endpoint/churn", when=never)
    yield from each("sagemaker", "CreateModel", f"{there}model/churn", IN_VPC, never)
    other_region: Context = {"aws:RequestedRegion": "eu-west-1"}
    yield from each("sagemaker", "ListTrainingJobs Search", "*", other_region, never)
    yield from each("ecr", "GetAuthorizationToken", "*", other_region, never)
    yield from each("ecr", "BatchGetImage", "arn:aws:ecr:eu-west-1:{account}:repository/pytorch", when=never)
    yield from each("ecr", "PutImage DeleteRepository", "arn:aws:ecr:{here}repository/pytorch", when=never)
    yield from each("logs", "CreateLogGroup DeleteLogGroup PutRetentionPolicy", f"{LOGS}/aws/lambda/other", when=never)
    yield from each("logs", "FilterLogEvents", f"{LOGS}/aws/lambda/other", when=never)
    yield from each("logs", "GetLogEvents PutLogEvents", f"{LOGS}/aws/lambda/other:log-stream:a", when=never)
    yield from each("logs", "DeleteLogGroup PutRetentionPolicy", f"{LOGS}/aws/sagemaker/TrainingJobs", when=never)
    metrics = {"cloudwatch:namespace": "AWS/SageMaker", **other_region}
    yield from each("cloudwatch", "PutMetricData", "*", metrics, never)
    yield from each("cloudwatch", "GetMetricData GetMetricStatistics", "*", other_region, never)
    yield from each("cloudwatch", "PutMetricData", "*", {"cloudwatch:namespace": "AWS/Billing"}, never)
    yield from each("cloudwatch", "PutMetricData", when=never)
    for name in ("budget", "sagemaker-workspace-two-EndpointErrorsAlarm-1ABCDEFGHIJKL"):
        yield from each("cloudwatch", "DescribeAlarms", f"{ALARM}{name}", when=never)
    yield from each("cloudwatch", "DeleteAlarms DisableAlarmActions PutMetricAlarm", ALARMS[0], when=never)
    yield from each("ec2", "CreateNetworkInterface", f"{EC2}subnet/subnet-0", {"ec2:SubnetID": "subnet-0"}, never)
    group = {"ec2:SecurityGroupID": "sg-0"}
    yield from each("ec2", "CreateNetworkInterface", f"{EC2}security-group/sg-0", group, never)
    vpc: Context = {"ec2:Vpc": f"{EC2}vpc/vpc-0123456789abcdef0"}
    other_service: Context = {**vpc, "ec2:AuthorizedService": "lambda.amazonaws.com"}
    names, interface = "CreateNetworkInterfacePermission", f"{EC2}network-interface/eni-1"
    yield from each("ec2", names, interface, other_service, never)
    names += " DeleteNetworkInterface DeleteNetworkInterfacePermission"
    for context in ({"ec2:Vpc": f"{EC2}vpc/vpc-0"}, {}):
        yield from each("ec2", names, interface, {**context, "ec2:AuthorizedService": "sagemaker.amazonaws.com"}, never)
    yield from each("ec2", "DescribeVpcs", "*", other_region, never)


ALLOWED: list[Row] = [*_jobs(), *_hosting(), *_workflows(), *_data(), *_network(), *_features()]
LIMITED: list[Row] = list(_limits())
DENIED: list[Row] = [*_other_data(), *_privileges(), *_other_sagemaker_resources(), *_other_regions_and_services()]

"""The permission of the execution role to read the custom image of an app."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from smtemplates.aws.errors import CloudError
from smtemplates.aws_data.usage_prices import NAT_HOUR, REQUESTS, T3_MEDIUM_HOUR
from smtemplates.errors import UsageError
from smtemplates.prove import studio
from smtemplates.prove.experiment import Charge, Experiment, RefutedError
from smtemplates.prove.trial import Trial
from smtemplates.prove.workspace import with_properties, with_resources

TAG = "prove"
# Source: https://distribution.github.io/distribution/spec/manifest-v2-2/
MEDIA = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_MEDIA = "application/vnd.docker.container.image.v1+json"
LAYER_MEDIA = "application/vnd.docker.image.rootfs.diff.tar.gzip"
SID, ACTION = "SeeStudioLabImage", "DescribeImage"


def image_parts() -> tuple[bytes, bytes]:
    """Return the configuration and the only layer of the smallest image: one empty file, and nothing to run."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("empty"))
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    return json.dumps(config).encode(), gzip.compress(layer.getvalue(), mtime=0)


def upload(trial: Trial, repository: str, content: bytes) -> dict[str, Any]:
    """Upload a part of an image to a repository, and return its description without the media type.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_InitiateLayerUpload.html
    """
    target = {"repositoryName": repository}
    target["uploadId"] = trial.call("ecr", "initiate_layer_upload", **target)["uploadId"]
    trial.call(
        "ecr", "upload_layer_part", partFirstByte=0, partLastByte=len(content) - 1, layerPartBlob=content, **target
    )
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    trial.call("ecr", "complete_layer_upload", layerDigests=[digest], **target)
    return {"size": len(content), "digest": digest}


def push(trial: Trial, repository: str) -> None:
    """Upload the smallest image to a repository."""
    config, layer = image_parts()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MEDIA,
        "config": {"mediaType": CONFIG_MEDIA, **upload(trial, repository, config)},
        "layers": [{"mediaType": LAYER_MEDIA, **upload(trial, repository, layer)}],
    }
    trial.call("ecr", "put_image", repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=TAG)


def without_permission(template: dict[str, Any]) -> dict[str, Any]:
    """Return a template whose execution role may not read the image."""
    document = template["Resources"]["StudioPolicy"]["Properties"]["PolicyDocument"]
    kept = [one for one in document["Statement"] if one.get("Sid") != SID]
    return with_properties(template, "StudioPolicy", {"PolicyDocument": {**document, "Statement": kept}})


def reason(trial: Trial, outputs: Mapping[str, str]) -> str:
    """Start an app with the image, and return the reason of its failure; '' if it runs."""
    try:
        image = {"SageMakerImageVersionArn": outputs["ImageVersion"]}
        described = studio.ended(trial, studio.start(trial, outputs["DomainId"], "JupyterLab", **image))
    except CloudError as error:
        found = str(error)
    else:
        found = described.get("FailureReason", "") if described["Status"] != "InService" else ""
    trial.note(f"Failure of the app: {found or 'none'}")
    return found


def run(trial: Trial) -> str:
    """Start an app with an image that cannot run, without and with the permission to read the image."""
    repository = {"Type": "AWS::ECR::Repository", "Properties": {"EmptyOnDelete": True}}
    uri = {"Repository": {"Ref": "Repository"}, "Uri": {"Fn::GetAtt": ["Repository", "RepositoryUri"]}}
    network = trial.deploy(with_resources(studio.network(internet=True), {"Repository": repository}, uri))
    trial.only_in_aws("it runs no apps.")
    push(trial, network["Repository"])

    def deploy(change: studio.Change) -> Mapping[str, str]:
        version = {"ImageVersion": {"Fn::GetAtt": ["StudioLabImageVersion", "ImageVersionArn"]}}
        return studio.domain(
            trial,
            network,
            "StudioLabImageConfig",
            "JobsPolicy",
            parameters={"StudioJupyterLabImageUri": f"{network['Uri']}:{TAG}"},
            change=lambda template: with_resources(change(template), {}, version),
        )

    denied = reason(trial, deploy(without_permission))
    allowed = reason(trial, deploy(lambda template: template))
    if ACTION in denied and ACTION not in allowed:
        return "Without the permission the app fails because of it, and with the permission it does not."
    if not denied or ACTION in allowed:
        raise RefutedError(
            f"Failure without the permission: {denied or 'none'}. Failure with the permission: {allowed or 'none'}."
        )
    raise UsageError(f"The reason without the permission does not show what is missing: {denied}")


HOURS = Decimal(2)
EXPERIMENT = Experiment(
    name="studio-images",
    creates=(
        "a stack with a VPC, a private subnet, a NAT gateway, and a repository in Amazon ECR",
        "in the repository, an image with one empty file, which cannot run",
        "a second stack with a Studio domain in this VPC that offers the image, and the execution role",
        "two spaces with volumes of 5 GB, and a JupyterLab app in each, on an ml.t3.medium",
    ),
    asks=(
        "Start an app with the image while the execution role may not read the image, and read the failure reason.",
        "Allow it, start another app, and read the failure reason, which can only be that the image does not run.",
    ),
    refuted_by=f"The first app runs, or the second one fails with a reason that names {ACTION}. "
    "If the reason of the first one does not name it, the experiment has no result.",
    charges=(Charge(HOURS, NAT_HOUR), Charge(2 * HOURS, T3_MEDIUM_HOUR), Charge(2, REQUESTS)),
    minutes=120,
    run=run,
)

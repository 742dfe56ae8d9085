"""Copy the artifacts of a version to the approved folder, or approve the version with the reviewed copies."""

import json
import sys
from pathlib import Path

import boto3

action, version_arn, *bucket = sys.argv[1:]
sagemaker, s3, file = boto3.client("sagemaker"), boto3.client("s3"), Path("specification.json")

if action == "copy":
    version = sagemaker.describe_model_package(ModelPackageName=version_arn)
    specification = version["InferenceSpecification"]
    folder = f"models/approved/{version['ModelPackageGroupName']}/{version['ModelPackageVersion']}"
    for place, container in enumerate(specification["Containers"]):
        source_bucket, _, source_key = container["ModelDataUrl"].removeprefix("s3://").partition("/")
        copy = f"{folder}/{place}/model.tar.gz"
        s3.copy({"Bucket": source_bucket, "Key": source_key}, bucket[0], copy)
        container["ModelDataUrl"] = f"s3://{bucket[0]}/{copy}"
        container.pop("ModelDataETag", None)  # a copy in several parts has another one
    file.write_text(json.dumps(specification, indent=2))
    print(f"Review {file} and the copies. Then run this script with approve.")
else:
    sagemaker.update_model_package(
        ModelPackageArn=version_arn,
        InferenceSpecification=json.loads(file.read_text()),
        ModelApprovalStatus="Approved",
    )

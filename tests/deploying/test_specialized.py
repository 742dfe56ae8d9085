"""Deploy specialized products without a bucket, on the local cloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploying.local_aws import Aws
from smtemplates.cli.main import main

ROOT = Path(__file__).parent.parent.parent
VPC = ["--fix", "VpcId=vpc-0123456789abcdef0", "--fix", "SubnetIds=subnet-0123456789abcdef0"]
KEY = ["--fix", "KmsKeyArn=arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"]
PRODUCTS = {
    "Notebook": ("CreateNotebook", "NotebookInstanceType,NotebookVolumeSizeGb,NotebookIdleMinutes"),
    "Domain": ("CreateDomain", "UserProfileNames,StudioIdleMinutes,TrainingInstanceType"),
}


@pytest.mark.parametrize("product", PRODUCTS)
def test_product_is_deployed_without_a_bucket(aws: Aws, name: str, product: str, tmp_path: Path) -> None:
    """A product with six parameters fits into a request, and its stack has the resources of the product.

    The message for the whole workspace recommends this.
    """
    whole = aws.run("plan", name, template=ROOT / "templates" / "workspace.yaml")
    assert whole.returncode == 2
    assert "fix the parameters that you do not change with python -m smtemplates render --keep NAME,..." in whole.stderr
    file = tmp_path / "product.yaml"
    switch, parameters = PRODUCTS[product]
    keep = ["--keep", f"ProjectName,Environment,AlarmEmail,{parameters}", "--fix", f"{switch}=true"]
    arguments = ["render", "workspace", "--without", "guide", *keep, *VPC, *KEY]
    assert main([*arguments, "--no-lint", "-o", str(file)]) == 0
    done = aws.run("deploy", name, "--yes", template=file)
    assert done.returncode == 0, done.stderr
    resources = aws.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    assert product in {resource["LogicalResourceId"] for resource in resources}

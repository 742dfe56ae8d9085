"""Compare the configurations that endpoints serve with those of their stack.

If an alarm ends a deployment, SageMaker puts the endpoint back in service with its previous configuration.
CloudFormation takes that for success.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
Source: https://github.com/hashicorp/terraform-provider-aws/issues/48997
"""

from __future__ import annotations

from smtemplates.aws.errors import CloudError, DeploymentError, sentence
from smtemplates.aws.session import Cloud
from smtemplates.deploy.operations import stack as stacks
from smtemplates.deploy.operations.listener import Listener
from smtemplates.deploy.operations.stack import Stack

ENDPOINT, CONFIGURATION = "AWS::SageMaker::Endpoint", "AWS::SageMaker::EndpointConfig"


def check_served(cloud: Cloud, stack: Stack, listener: Listener) -> None:
    """Check the endpoints of a stack after a successful operation that changed one.

    Raises:
        DeploymentError: An endpoint serves a configuration that is not in the stack, or is not in service.
    """
    try:
        problems = _problems(cloud, stack)
    except CloudError as error:
        listener.say(f"It is not known whether the endpoint serves the deployed configuration. {sentence(error)}")
        return
    if problems:
        raise DeploymentError("\n".join([f"Stack {stack.name} is {stack.status}, but with a problem.", *problems]))


def _problems(cloud: Cloud, stack: Stack) -> list[str]:
    items = list(stacks.existing_resources(cloud, stack))
    names = {
        kind: [_name(item["PhysicalResourceId"]) for item in items if item["ResourceType"] == kind]
        for kind in (ENDPOINT, CONFIGURATION)
    }
    return [text for name in names[ENDPOINT] if (text := _problem(cloud, name, names[CONFIGURATION]))]


def _name(physical_id: str) -> str:
    """Return the name of a resource, whose physical ID can be an ARN. The name in an ARN is in lower case."""
    return physical_id.rpartition("/")[2].lower()


def _problem(cloud: Cloud, name: str, deployed: list[str]) -> str:
    """Return a text if an endpoint serves another configuration than those of its stack, unless the stack has none."""
    endpoint = cloud.call("sagemaker", "describe_endpoint", EndpointName=name)
    served, status = str(endpoint.get("EndpointConfigName", "")), endpoint["EndpointStatus"]
    reason = endpoint.get("FailureReason") or f"See the alarms, and the log group /aws/sagemaker/Endpoints/{name}."
    if status != "InService":
        return f"Endpoint {name} is {status}. {reason}"
    if not deployed or served.lower() in deployed:
        return ""
    return (
        f"SageMaker rolled back endpoint {name}: it serves configuration {served} instead of {' or '.join(deployed)}. "
        f"{reason} Correct the model, then deploy it with another parameter value, such as a new address of its data. "
        "A deployment without a change does not update the endpoint."
    )

"""Resources that AWS deploys again, in place, when one of their properties changes: the property, and a sentence.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from __future__ import annotations

PROPERTIES = {"AWS::SageMaker::Endpoint": "EndpointConfigName"}
_SENTENCES = {
    "AWS::SageMaker::Endpoint": (
        "SageMaker deploys endpoint {name} again. The existing instances serve requests until the new ones are ready."
    )
}


def redeployment(resource_type: str, name: str) -> str:
    """Return a sentence on the new deployment of a resource; '' for other types. `name` is as for `data_loss`."""
    return _SENTENCES.get(resource_type, "").format(name=name)

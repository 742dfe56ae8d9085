"""The SageMaker resources that experiments name themselves: jobs, and the models that an endpoint serves.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteTrainingJob.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteProcessingJob.html
Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from smtemplates.aws.errors import CloudError
from smtemplates.aws.session import Cloud
from smtemplates.errors import Error
from smtemplates.prove.experiment import PREFIX
from smtemplates.prove.kind import INVALID, MOST_POLLS, POLL_SECONDS, Found, Kind, has_tag, is_missing

ENDED = ("Completed", "Failed", "Stopped")


@dataclass(frozen=True, kw_only=True)
class Named:
    """A type of resources. `key` is the list in the answer of its List operation.

    `operation` is its name in operations, and `noun` its name in fields. `runs` is whether it is a job, which only AWS
    deletes after its end.
    """

    operation: str
    noun: str
    key: str
    runs: bool = False

    def kind(self) -> Kind:
        """Return the kind, which is found by its names and tags."""
        return Kind(title=self.operation.replace("_", " "), find=self.find, delete=self.delete, local=False)

    def call(self, cloud: Cloud, verb: str, name: str) -> Any:
        """Call an operation on a resource."""
        return cloud.call("sagemaker", f"{verb}_{self.operation}", **{f"{self.noun}Name": name})

    def find(self, cloud: Cloud) -> Iterator[Found]:
        """Yield the resources with names of the experiments."""
        for item in list(cloud.pages("sagemaker", f"list_{self.operation}s", self.key, NameContains=PREFIX)):
            if (name := item[f"{self.noun}Name"]).startswith(PREFIX):
                tags = cloud.pages("sagemaker", "list_tags", "Tags", ResourceArn=item[f"{self.noun}Arn"])
                yield Found(name, has_tag(tags))

    def delete(self, cloud: Cloud, name: str) -> str:
        """Delete a resource. A job is stopped first, and its deletion takes time.

        Raises:
            Error: The job or its deletion did not end.
        """
        status = ""
        for _ in range(MOST_POLLS):
            try:
                if not self.runs:
                    self.call(cloud, "delete", name)
                    return ""
                status = self.call(cloud, "describe", name)[f"{self.noun}Status"]
                if status in ENDED:
                    self.call(cloud, "delete", name)
                elif status == "InProgress":
                    self._stop(cloud, name)
            except CloudError as error:
                if is_missing(error):
                    return ""
                raise
            cloud.pause(POLL_SECONDS)
        raise Error(f"Its status is still {status}.")

    def _stop(self, cloud: Cloud, name: str) -> None:
        """Stop a job. AWS rejects this if the job has just ended."""
        try:
            self.call(cloud, "stop", name)
        except CloudError as error:
            if error.code != INVALID:
                raise


TRAINING_JOB = Named(operation="training_job", noun="TrainingJob", key="TrainingJobSummaries", runs=True).kind()
PROCESSING_JOB = Named(operation="processing_job", noun="ProcessingJob", key="ProcessingJobSummaries", runs=True).kind()
ENDPOINT_CONFIG = Named(operation="endpoint_config", noun="EndpointConfig", key="EndpointConfigs").kind()
MODEL = Named(operation="model", noun="Model", key="Models").kind()

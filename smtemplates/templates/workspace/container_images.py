"""Container images of AWS, whose registries differ by Region."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import AWS_REGION, AWS_URL_SUFFIX, Equals, FindInMap, Not, Ref, Select, Split, Sub

from smtemplates.core.assets import read_asset
from smtemplates.core.construct import Construct, NamedCondition, any_of, output, when
from smtemplates.templates.workspace.job_defaults import Training

NONE = "none"
REGISTRIES = {"deep-learning": "Dlc", "built-in": "Sm"}


@dataclass(frozen=True, kw_only=True)
class Image:
    """Represent one image. `missing` lists the Regions whose registry does not have it.

    `environment` are the variables without which it cannot serve a model, and `hub_environment` those without which it
    cannot serve a model of the Hugging Face Hub.

    Source: https://github.com/aws/sagemaker-scikit-learn-container/issues/82
    Source: https://github.com/aws/sagemaker-huggingface-inference-toolkit (README)
    """

    name: str
    repository: str
    tag: str
    registry: str
    missing: tuple[str, ...]
    condition: NamedCondition | None
    on_gpu: NamedCondition
    environment: tuple[str, ...] = ()
    hub_environment: tuple[str, ...] = ()

    def description(self) -> str:
        """Return the description of the output, with the environment that the image needs."""
        text = f"URI of the {_words(self.name)} image"
        if self.environment:
            text += f". To serve a model, it needs {' and '.join(self.environment)} in its environment"
        if self.hub_environment:
            text += f". To serve a model of the Hugging Face Hub, it needs {' and '.join(self.hub_environment)}"
        return text

    def uri(self) -> Sub:
        """Return the URI of the image. Use it only where `condition`, if any, is true.

        Region and DNS suffix are passed as values. If they were pseudo parameters inside the text, a linter for many
        Regions would try every combination with each account of the mapping.
        """
        more: dict[str, Any] = {"Processor": when(self.on_gpu, "gpu", "cpu")} if "${Processor}" in self.tag else {}
        return Sub(
            f"${{Account}}.dkr.ecr.${{Region}}.${{Suffix}}/{self.repository}:{self.tag}",
            Account=FindInMap("ImageRegistries", Ref(AWS_REGION), REGISTRIES[self.registry]),
            Region=Ref(AWS_REGION),
            Suffix=Ref(AWS_URL_SUFFIX),
            **more,
        )


@dataclass(frozen=True, kw_only=True)
class ContainerImages(Construct):
    """Contain the images by the names of their outputs."""

    catalog: Mapping[str, Image]
    has_built_in: NamedCondition


def container_images(training: Training) -> ContainerImages:
    """Build the mappings, conditions and outputs for the training and inference images.

    Source: https://github.com/aws/sagemaker-python-sdk (sagemaker-core, image_uri_config)
    """
    known = json.loads(read_asset(__package__, "images.json"))
    on_gpu = NamedCondition("TrainOnGpu", any_of(_starts_with(training, "ml.g"), _starts_with(training, "ml.p")))
    has_built_in = NamedCondition(
        "HasBuiltInImages", Not(Equals(FindInMap("ImageRegistries", Ref(AWS_REGION), REGISTRIES["built-in"]), NONE))
    )
    catalog = {
        name: Image(
            name=name,
            repository=image["repository"],
            tag=image["tag"],
            registry=image["registry"],
            missing=tuple(image["missing"]),
            condition=has_built_in if image["registry"] == "built-in" else _condition(name, image["missing"]),
            on_gpu=on_gpu,
            environment=tuple(image.get("environment", ())),
            hub_environment=tuple(image.get("hub_environment", ())),
        )
        for name, image in known["images"].items()
    }
    optional = [image for image in catalog.values() if image.missing]
    lacking = {region: [image.name for image in optional if region in image.missing] for region in known["registries"]}
    sets = {tuple(lacks): f"S{place}" for place, lacks in enumerate(sorted(set(map(tuple, lacking.values()))))}
    return ContainerImages(
        title="Images",
        source=__name__,
        mappings={
            "ImageRegistries": {
                region: {**_accounts(accounts), "Set": sets[tuple(lacking[region])]}
                for region, accounts in known["registries"].items()
            },
            "ImageSets": {
                label: {image.name: "false" if image.name in lacks else "true" for image in optional}
                for lacks, label in sets.items()
            },
        },
        conditions=[on_gpu, has_built_in, *(image.condition for image in optional if image.condition)],
        outputs=[
            output(image.name, image.description(), image.uri(), condition=image.condition)
            for image in catalog.values()
        ],
        catalog=catalog,
        has_built_in=has_built_in,
    )


def _accounts(known: Mapping[str, str | None]) -> dict[str, str]:
    """Return an account for every registry: a missing key in a mapping fails even where it is not used."""
    return {attribute: known[registry] or NONE for registry, attribute in REGISTRIES.items()}


def _starts_with(training: Training, prefix: str) -> Equals:
    """Build a test: the instance type starts with a prefix. Splitting at the prefix then gives an empty first part."""
    return Equals(Select(0, Split(prefix, Ref(training.instance_type))), "")


def _condition(name: str, missing: Sequence[str]) -> NamedCondition | None:
    """Build the condition that the Region has an image. Return None for an image that every Region has."""
    if not missing:
        return None
    has_image = FindInMap("ImageSets", FindInMap("ImageRegistries", Ref(AWS_REGION), "Set"), name)
    return NamedCondition(f"Has{name}", Equals(has_image, "true"))


def _words(name: str) -> str:
    return name.removesuffix("Image").replace("Training", " training").replace("Inference", " inference")

"""Images: AWS's container images, whose registries differ from Region to Region."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from troposphere import AWS_REGION, AWS_URL_SUFFIX, Equals, FindInMap, If, Not, Or, Ref, Select, Split, Sub

from smtemplates.core.assets import read_asset
from smtemplates.core.construct import Part, output
from smtemplates.templates.workspace.job_defaults import Training

NONE = "none"
REGISTRIES = {"deep-learning": "Dlc", "built-in": "Sm"}


@dataclass(frozen=True, kw_only=True)
class Image:
    """Hold one image; `missing` are the Regions whose registry lacks it."""

    name: str
    repository: str
    tag: str
    registry: str
    missing: tuple[str, ...]

    def uri(self) -> Sub:
        """Name the image by URI; only for use where its condition, if any, holds.

        Region and suffix come as values: of pseudo parameters inside the text, validators of many Regions try every
        combination with each account of the mapping.
        """
        more: dict[str, Any] = {"Processor": If("TrainOnGpu", "gpu", "cpu")} if "${Processor}" in self.tag else {}
        return Sub(
            f"${{Account}}.dkr.ecr.${{Region}}.${{Suffix}}/{self.repository}:{self.tag}",
            Account=FindInMap("ImageRegistries", Ref(AWS_REGION), REGISTRIES[self.registry]),
            Region=Ref(AWS_REGION),
            Suffix=Ref(AWS_URL_SUFFIX),
            **more,
        )

    @property
    def condition(self) -> str | None:
        """Name the condition that tells whether the Region has the image; None where every Region has it."""
        if self.registry == "built-in":
            return "HasBuiltInImages"
        return f"Has{self.name}" if self.missing else None


@dataclass(frozen=True, kw_only=True)
class Images(Part):
    """Hold the images by the name of their output."""

    catalog: Mapping[str, Image]


def images(training: Training) -> Images:
    """Name the images for training and inference.

    Source: https://github.com/aws/sagemaker-python-sdk (sagemaker-core, image_uri_config)
    """
    known = json.loads(read_asset(__package__, "images.json"))
    catalog = {
        name: Image(name=name, **{**image, "missing": tuple(image["missing"])})
        for name, image in known["images"].items()
    }
    optional = [image for image in catalog.values() if image.missing]
    lacking = {region: [image.name for image in optional if region in image.missing] for region in known["registries"]}
    sets = {tuple(lacks): f"S{place}" for place, lacks in enumerate(sorted(set(map(tuple, lacking.values()))))}
    return Images(
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
        conditions={
            "TrainOnGpu": Or(_starts_with(training, "ml.g"), _starts_with(training, "ml.p")),
            "HasBuiltInImages": Not(
                Equals(FindInMap("ImageRegistries", Ref(AWS_REGION), REGISTRIES["built-in"]), NONE)
            ),
            **{str(image.condition): _in_set(image) for image in optional},
        },
        outputs=[
            output(image.name, f"URI of the {_words(image.name)} image", image.uri(), condition=image.condition)
            for image in catalog.values()
        ],
        catalog=catalog,
    )


def _accounts(known: Mapping[str, str | None]) -> dict[str, str]:
    """Give a Region every registry: a mapping that lacks a key fails, even where no one asks for it."""
    return {attribute: known[registry] or NONE for registry, attribute in REGISTRIES.items()}


def _starts_with(training: Training, prefix: str) -> Equals:
    """Tell whether the instance type starts so: nothing stands before the prefix then."""
    return Equals(Select(0, Split(prefix, Ref(training.instance_type))), "")


def _in_set(image: Image) -> Equals:
    return Equals(FindInMap("ImageSets", FindInMap("ImageRegistries", Ref(AWS_REGION), "Set"), image.name), "true")


def _words(name: str) -> str:
    return name.removesuffix("Image").replace("Training", " training").replace("Inference", " inference")

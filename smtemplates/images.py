"""Images: AWS's container images, whose registry accounts differ from Region to Region."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from troposphere import AWS_REGION, Equals, FindInMap, If, Not, Or, Output, Ref, Select, Split, Sub

from smtemplates.jobs import Training
from smtemplates.parts import Part, output

NONE = "none"
REGISTRIES = {"deep-learning": "DeepLearning", "built-in": "BuiltIn"}


@dataclass(frozen=True, kw_only=True)
class Images(Part):
    """Hold the images; one that a Region may lack has a condition."""

    catalog: Mapping[str, Mapping[str, Any]]

    def uri(self, name: str) -> Sub:
        """Name an image by URI; only for use where its condition, if any, holds."""
        image = self.catalog[name]
        more = {"Processor": If("TrainOnGpu", "gpu", "cpu")} if "${Processor}" in image["tag"] else {}
        return Sub(
            f"${{Account}}.dkr.ecr.${{AWS::Region}}.${{AWS::URLSuffix}}/{image['repository']}:{image['tag']}",
            Account=FindInMap("ImageRegistries", Ref(AWS_REGION), REGISTRIES[image["registry"]]),
            **more,
        )

    def condition(self, name: str) -> str | None:
        """Name the condition that tells whether the Region has the image; None where every Region has it."""
        image = self.catalog[name]
        if image["registry"] == "built-in":
            return "HasBuiltInImages"
        return f"Has{name}" if image["missing"] else None


def images(training: Training) -> Images:
    """Name the images for training and inference.

    Source: https://github.com/aws/sagemaker-python-sdk (sagemaker-core, image_uri_config)
    """
    known = json.loads((files("smtemplates") / "assets" / "images.json").read_text(encoding="utf-8"))
    catalog: dict[str, dict[str, Any]] = known["images"]
    lacking = {
        region: frozenset(n for n, i in catalog.items() if region in i["missing"]) for region in known["accounts"]
    }
    sets = {lacks: f"Set{place}" for place, lacks in enumerate(sorted(set(lacking.values()), key=sorted), start=1)}
    optional = [name for name, image in catalog.items() if image["missing"]]
    part = Images(title="Images", source=__name__, catalog=catalog)
    return Images(
        title="Images",
        source=__name__,
        mappings={
            "ImageRegistries": {
                region: {
                    **{attribute: accounts[registry] or NONE for registry, attribute in REGISTRIES.items()},
                    "Images": sets[lacking[region]],
                }
                for region, accounts in known["accounts"].items()
            },
            "ImageSets": {
                label: {name: "false" if name in lacks else "true" for name in optional}
                for lacks, label in sets.items()
            },
        },
        conditions={
            "TrainOnGpu": Or(_starts_with(training, "ml.g"), _starts_with(training, "ml.p")),
            "HasBuiltInImages": Not(Equals(FindInMap("ImageRegistries", Ref(AWS_REGION), "BuiltIn"), NONE)),
            **{f"Has{name}": _in_set(name) for name in optional},
        },
        outputs=[_output(part, name) for name in catalog],
        catalog=catalog,
    )


def _starts_with(training: Training, prefix: str) -> Equals:
    """Tell whether the instance type starts so: nothing stands before the prefix then."""
    return Equals(Select(0, Split(prefix, Ref(training.instance_type))), "")


def _in_set(name: str) -> Equals:
    return Equals(FindInMap("ImageSets", FindInMap("ImageRegistries", Ref(AWS_REGION), "Images"), name), "true")


def _output(part: Images, name: str) -> Output:
    words = name.removesuffix("Image").replace("Training", " training").replace("Inference", " inference")
    return output(name, f"URI of the {words} image", part.uri(name), condition=part.condition(name))

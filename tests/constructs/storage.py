"""The expectation of the buckets."""

from __future__ import annotations

from functools import partial

from expectations import Choice, Expectation


def creates(choice: Choice, which: str) -> bool:
    """Return whether the stack creates a bucket."""
    return choice.is_true("CreateBuckets") and not choice.is_set(f"Existing{which}BucketName")


EXPECTATION = Expectation(
    resources={
        f"{which}{resource}": partial(creates, which=which)
        for which in ("Input", "Output", "Model")
        for resource in ("Bucket", "BucketPolicy")
    }
)

"""The expectation of the KMS key."""

from __future__ import annotations

from expectations import Expectation

EXPECTATION = Expectation(resources={"EncryptionKey": lambda choice: choice.is_true("CreateKmsKey")})

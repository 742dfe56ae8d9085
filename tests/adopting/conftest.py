from __future__ import annotations

from deploying.conftest import aws

__all__ = ["aws"]

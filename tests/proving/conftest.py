from __future__ import annotations

from deploying.conftest import aws, proxy, through

__all__ = ["aws", "proxy", "through"]

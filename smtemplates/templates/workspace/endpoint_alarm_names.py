"""Endpoint alarms: their logical IDs, for constructs that must name the alarms before `monitoring` creates them."""

from __future__ import annotations

from dataclasses import dataclass

from smtemplates.core.construct import Construct


@dataclass(frozen=True, kw_only=True)
class EndpointAlarmNames(Construct):
    """Contain the logical IDs of the alarms on the errors and the latency of endpoints."""

    errors: str
    latency: str

    @property
    def logical_ids(self) -> tuple[str, str]:
        """Return both logical IDs."""
        return self.errors, self.latency


def endpoint_alarm_names() -> EndpointAlarmNames:
    """Return the names of the alarms. The role and the endpoint refer to them, and `monitoring` depends on both."""
    return EndpointAlarmNames(
        title="Monitoring", source=__name__, errors="EndpointErrorsAlarm", latency="EndpointLatencyAlarm"
    )

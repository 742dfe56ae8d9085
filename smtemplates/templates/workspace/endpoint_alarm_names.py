"""Rollback alarms: their logical IDs, for constructs that must name the alarms before they are built."""

from __future__ import annotations

from dataclasses import dataclass

from smtemplates.core.construct import Construct

# The role may read the alarms of its stack whose logical IDs start with this. The notification alarms are among them:
# an endpoint that was deployed with version 0.1 names them until its first update.
PREFIX = "Endpoint"


@dataclass(frozen=True, kw_only=True)
class EndpointAlarmNames(Construct):
    """Contain the logical IDs of the alarms that roll back an update of the endpoint."""

    errors: str
    latency: str

    @property
    def logical_ids(self) -> tuple[str, str]:
        """Return both logical IDs."""
        return self.errors, self.latency


def endpoint_alarm_names() -> EndpointAlarmNames:
    """Return the names of the alarms. The role and the endpoint refer to them, and the alarms depend on both."""
    return EndpointAlarmNames(
        title="Endpoint",
        source=__name__,
        errors=f"{PREFIX}RollbackErrorsAlarm",
        latency=f"{PREFIX}RollbackLatencyAlarm",
    )

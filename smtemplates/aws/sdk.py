"""Sessions of botocore, the part of the AWS SDK that makes the calls.

The import of boto3 takes longer than that of botocore, mostly for transfers of files that are not used here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _Any(list[str]):
    """The names of all services. The SDK would list its hundreds of folders to check that it has the one service."""

    def __contains__(self, _name: object) -> bool:
        return True


class Session:
    """A session with the members of a session of boto3 that are used here."""

    def __init__(self, *, profile: str | None, region: str | None) -> None:
        """Create the session. None means the value of the environment."""
        # imported here because the import of the SDK takes longer than --help
        self._session: Any = import_module("botocore.session").Session()  # the name of the attribute in boto3
        for name, value in (("profile", profile), ("region", region)):
            if value is not None:
                self._session.set_config_variable(name, value)

    @property
    def core(self) -> Any:
        """The session of botocore."""
        return self._session

    @property
    def region_name(self) -> str | None:
        """The Region of all clients."""
        region: str | None = self._session.get_config_variable("region")
        return region

    def client(self, service: str, **arguments: Any) -> Any:
        """Return a new client of a service."""
        loader = self._session.get_component("data_loader")
        loader.list_available_services = lambda _kind: _Any()
        return self._session.create_client(service, **arguments)

    def get_credentials(self) -> Any:
        """Return the credentials, or None if there are none."""
        return self._session.get_credentials()

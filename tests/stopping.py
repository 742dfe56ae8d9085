"""End a run with `--exitfirst` or `--maxfail` at its last permitted failure, also with several workers.

With `--dist worksteal`, pytest-xdist 3.8 lets each worker first run its whole part of the list, which takes minutes.
"""

from __future__ import annotations

import pytest


class Stopping:
    """A plugin of the process that starts the workers."""

    def __init__(self, most: int) -> None:
        """End the run after this number of failures."""
        self._left = most

    @pytest.hookimpl(trylast=True)  # so that the summary contains the failure
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a failure.

        Raises:
            pytest.Session.Interrupted: It was the last that is permitted. Pytest ends the workers.
        """
        self._left -= report.failed
        if self._left == 0:
            raise pytest.Session.Interrupted("no more failures are permitted")


def register(config: pytest.Config) -> None:
    """Use the plugin in a run with workers and a limit of failures."""
    most = config.getoption("maxfail")
    if most and config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Stopping(most))

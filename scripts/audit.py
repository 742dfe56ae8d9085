#!/usr/bin/env python3
"""Look every locked package up among the known vulnerabilities; arguments go to pip-audit.

Exit codes: 0 none is known, or the data could not be reached, which is said; 1 some are known; 2 pip-audit failed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import venvs
from _checkout import ROOT

UNREACHABLE = re.compile(r"requests\.exceptions|ConnectionError|ServiceError")


def main(arguments: list[str]) -> int:
    """Audit lock by lock: two may pin one package at two versions."""
    python = venvs.prepare("audit")
    failed = 0
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        done = audited(python, lock, arguments)
        if done.returncode in (0, 1) and done.stdout:
            failed = max(failed, judged(lock.name, json.loads(done.stdout)["dependencies"]))
        elif UNREACHABLE.search(done.stderr):
            why = done.stderr.strip().splitlines()[-1]
            warn(f"Nothing was audited: pip-audit could not reach its data, so try again where it can. {why}")
            return failed
        else:
            print(done.stderr, file=sys.stderr)
            return 2
    return failed


def audited(python: Path, lock: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Ask OSV: pip-audit's other source counts a package that it cannot look up as one without vulnerabilities."""
    words = [str(python), "-m", "pip_audit", "--vulnerability-service", "osv", "--requirement", str(lock)]
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json", *arguments]
    return subprocess.run([*words, *options], capture_output=True, text=True, check=False)


def judged(lock: str, packages: list[dict[str, Any]]) -> int:
    """Print what is known of a lock's packages, and give the exit code."""
    if unknown := [one["name"] for one in packages if "skip_reason" in one]:
        warn(f"{lock}: not audited: {', '.join(unknown)}.")
    found = [(one, flaw) for one in packages for flaw in one.get("vulns", ())]
    for package, flaw in found:
        fixed = ", ".join(flaw["fix_versions"]) or "no version yet"
        print(f"{lock}: {package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}; {flaw['description']}")
    print(f"{lock}: {len(packages) - len(unknown)} audited, {len(found)} known vulnerabilities", file=sys.stderr)
    return 1 if found else 0


def warn(message: str) -> None:
    """Say it on standard error, or where GitHub shows it on the run's page."""
    print(f"::warning::{message}" if os.environ.get("GITHUB_ACTIONS") else message, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Check each locked package for known vulnerabilities. The arguments are passed to pip-audit.

Exit codes: 0 no known vulnerability, or the database could not be reached (with a warning), 1 known vulnerabilities,
2 pip-audit failed.
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

from smtemplates.local_cloud.environment import LOCK

LOCKS = [*sorted((ROOT / "requirements").glob("*.txt")), LOCK]
UNREACHABLE = re.compile(r"requests\.exceptions|ConnectionError|ServiceError")


def main(arguments: list[str]) -> int:
    """Audit each lock file separately, because two may pin different versions of a package."""
    python = venvs.prepare("audit")
    failed = 0
    for lock in LOCKS:
        done = run_pip_audit(python, lock, arguments)
        if done.returncode in (0, 1) and done.stdout:
            failed = max(failed, report(str(lock.relative_to(ROOT)), json.loads(done.stdout)["dependencies"]))
        elif UNREACHABLE.search(done.stderr):
            reason = done.stderr.strip().splitlines()[-1]
            warn(f"Nothing was audited, because pip-audit could not reach the vulnerability database: {reason}")
            return failed
        else:
            print(done.stderr, file=sys.stderr)
            return 2
    return failed


def run_pip_audit(python: Path, lock: Path, arguments: list[str]) -> subprocess.CompletedProcess[str]:
    """Run pip-audit with OSV. Its other database reports a package that it does not know as not vulnerable."""
    words = [str(python), "-m", "pip_audit", "--vulnerability-service", "osv", "--requirement", str(lock)]
    options = ["--require-hashes", "--disable-pip", "--progress-spinner", "off", "--format", "json", *arguments]
    return subprocess.run([*words, *options], capture_output=True, text=True, check=False)


def report(lock: str, packages: list[dict[str, Any]]) -> int:
    """Print the vulnerabilities of the packages in a lock file, and return the exit code."""
    if unknown := [package["name"] for package in packages if "skip_reason" in package]:
        warn(f"{lock}: not audited: {', '.join(unknown)}.")
    found = [(package, flaw) for package in packages for flaw in package.get("vulns", ())]
    for package, flaw in found:
        fixed = ", ".join(flaw["fix_versions"]) or "no version yet"
        print(f"{lock}: {package['name']} {package['version']}: {flaw['id']}, fixed in {fixed}. {flaw['description']}")
    print(f"{lock}: {len(packages) - len(unknown)} audited, {len(found)} known vulnerabilities", file=sys.stderr)
    return 1 if found else 0


def warn(message: str) -> None:
    """Print a warning to standard error or, in GitHub Actions, as an annotation of the run."""
    print(f"::warning::{message}" if os.environ.get("GITHUB_ACTIONS") else message, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

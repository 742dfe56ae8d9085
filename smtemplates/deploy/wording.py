"""The program that messages name."""

from __future__ import annotations

# The program in the commands that messages recommend to the user.
PROGRAM = "scripts/deploy.py"

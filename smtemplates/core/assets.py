"""Read the files that are stored next to the code that uses them, in a folder named assets."""

from __future__ import annotations

from importlib.resources import files


def read_asset(package: str, name: str) -> str:
    """Return the text of a file in the assets folder of a package, such as `__package__`."""
    return (files(package) / "assets" / name).read_text(encoding="utf-8")

"""Measure commands side by side: the rows of scripts/bench, and how they are measured."""


class NotMeasuredError(Exception):
    """Report why a row cannot be measured on this machine."""

"""Measure commands side by side: the rows of scripts/bench, and how they are measured."""

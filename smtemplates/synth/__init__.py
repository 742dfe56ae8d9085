"""Read templates, and write them as YAML or JSON."""

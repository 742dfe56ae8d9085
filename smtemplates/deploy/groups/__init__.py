"""Several stacks in one run: in order of dependency, with one plan and one question."""

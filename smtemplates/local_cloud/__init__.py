"""A local AWS for trials and tests: MiniStack with the SageMaker types added, in a separate environment."""

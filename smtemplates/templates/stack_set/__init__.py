"""The stack set that deploys the workspace to many accounts and Regions."""

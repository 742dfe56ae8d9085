"""Migrate from Terraform: turn a Terraform state into a stack of the configuration file."""

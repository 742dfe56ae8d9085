"""Calls to AWS: session, endpoints, errors, masking."""

"""Calls to AWS: connection, credentials, session, objects in S3, endpoints, errors, masking."""

"""The launch role for AWS Service Catalog."""

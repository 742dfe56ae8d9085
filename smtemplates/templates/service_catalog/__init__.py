"""The AWS Service Catalog portfolio and product."""

"""Publish a rendered template: as a version of a Service Catalog product, or as a link into the console.

Like smtemplates.deploy, on whose connection and staging it stands, it knows text and AWS, and nothing of the
areas a template is made of. scripts/publish.py is its command line.
"""

from __future__ import annotations

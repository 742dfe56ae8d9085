"""Publish a rendered template: as a version of a Service Catalog product, or as a link that opens the console.

Like smtemplates.deploy, whose staging it uses, this package works with any template.
smtemplates.cli.publish is its command line.
"""

from __future__ import annotations

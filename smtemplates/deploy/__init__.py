"""Deploy a rendered template through change sets: plan, deploy, destroy, status, outputs and drift.

The engine knows text and AWS, and nothing of the areas a template is made of. It prints nothing: what there
is to tell goes to a `Listener`, what there is to decide comes in as arguments. scripts/deploy.py is its
command line.
"""

from __future__ import annotations

"""The list parameters of the catalog: how many entries they accept, unless another number is chosen.

This module does not import troposphere, so that the names can be read quickly.
"""

from __future__ import annotations

PLACES = {"PrincipalArns": 5, "PrincipalPatterns": 5, "ShareAccountIds": 5, "TagOptionValues": 5}
"""The number of places in each list. Fewer places delete resources of release 0.1.0 from a stack that has them."""

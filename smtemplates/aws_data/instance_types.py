"""The instance types of SageMaker with GPUs or other accelerators, which count as expensive.

Source: the provider schemas of AWS::SageMaker::EndpointConfig and AWS::SageMaker::NotebookInstance (2026-11-30). A test
compares the table with the schemas of the installed cfn-lint.
"""

from __future__ import annotations

# Families, and their sizes as multiples of xlarge: "1" is xlarge, "2" is 2xlarge.
_SIZES = {
    "dl1": "24",
    "g4dn": "1 2 4 8 12 16",
    "g5": "1 2 4 8 12 16 24 48",
    "g6": "1 2 4 8 12 16 24 48",
    "g6e": "1 2 4 8 12 16 24 48",
    "g7": "2 4 8 12 24 48",
    "g7e": "2 4 8 12 24 48",
    "inf1": "1 2 6 24",
    "inf2": "1 8 24 48",
    "p2": "1 8 16",
    "p3": "2 8 16",
    "p3dn": "24",
    "p4d": "24",
    "p4de": "24",
    "p5": "4 48",
    "p5e": "48",
    "p5en": "48",
    "p6-b200": "48",
    "p6-b300": "48",
    "p6e-gb200": "36",
    "trn1": "2 32",
    "trn1n": "32",
    "trn2": "48",
}

ACCELERATED = tuple(
    f"ml.{family}.{'' if size == '1' else size}xlarge" for family, sizes in _SIZES.items() for size in sizes.split()
)
"""The instance types, such as ml.g5.xlarge."""

"""Write the findings of a run in the format that the user chose.

This module needs no other module, so that `--help` can name the formats.
"""

FORMATS = ("text", "json", "sarif", "github")

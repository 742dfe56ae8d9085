"""Estimate the width of a text in Arial, so that a box can be drawn around it without a browser."""

from __future__ import annotations

# Widths in thousandths of the font size. Helvetica and Liberation Sans have the same widths. A test compares them with
# those of a browser.
_CHARACTERS = {
    191: "'",
    222: "ijl",
    260: "|",
    278: " !,./:;I[]\\ft",
    333: "()-`r",
    334: "{}",
    355: '"',
    389: "*",
    469: "^",
    500: "Jckvsxyz",
    556: "#$0123456789?L_abdeghnopqu",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@",
}
_WIDTH = {character: width for width, characters in _CHARACTERS.items() for character in characters}
_WIDEST = max(_CHARACTERS)
_BOLD = 120  # no character is wider than this in bold, compared with the regular font


def text_width(text: str, *, size: int, bold: bool = False) -> int:
    """Return the width of a text in pixels, rounded up; `size` is the font size in pixels."""
    wider = _BOLD if bold else 0
    return -(-sum(_WIDTH.get(character, _WIDEST) + wider for character in text) * size // 1000)

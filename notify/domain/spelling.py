"""How one word is spelled in different ways: case, accents, umlauts and the like aside."""

import unicodedata
from typing import Final

_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
_DOTLESS: Final = str.maketrans({"ı": "i"})


def spellings(text: str) -> tuple[str, str]:
    """Its letters and digits, with ü as u and as ue: people write both."""
    lower = unicodedata.normalize("NFC", text).casefold().translate(_DOTLESS)
    return _letters(lower), _letters(lower.translate(_UMLAUTS))


def _letters(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if sign.isalnum())

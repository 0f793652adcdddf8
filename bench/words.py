"""What is said: a text of ordinary length, with a number that no other broadcast has."""

from typing import Any

GERMAN = """\
Der Pegel der Elbe **steigt weiter**. Bitte meiden Sie die Keller und die Uferwege, stellen Sie
Fahrzeuge nicht in Tiefgaragen ab und achten Sie auf Durchsagen.

- Sandsäcke gibt es am Bauhof.
- Das Bürgertelefon ist rund um die Uhr besetzt.
"""
ENGLISH = """\
The river keeps rising. Keep out of cellars and away from the banks.

- Sandbags: at the depot.
"""


def ask() -> dict[str, Any]:
    """One question, as the API takes it."""
    options = {"de": ["Altstadt", "Neustadt", "Park"], "en": ["Old town", "New town", "Park"]}
    asks = {"de": "Wohin soll der Spielplatz?", "en": "Where should the playground be?"}
    wordings = {one: {"ask": asks[one], "options": options[one]} for one in asks}
    return {"questions": [{"shape": "single", "wordings": wordings}]}


def texts(number: int) -> dict[str, dict[str, str]]:
    """A broadcast's texts by language, as the API takes them."""
    german, english = f"Lage {number:04}: Hochwasser", f"Report {number:04}: flood"
    return {
        "de": {"title": german, "body": GERMAN, "sms": f"{german}. Meiden Sie Keller und Ufer."},
        "en": {"title": english, "body": ENGLISH, "sms": f"{english}. Keep out of cellars."},
    }

"""What the town says in the demo."""

from typing import Any

STORM: dict[str, Any] = {
    "de": {
        "title": "Schwerer Sturm über Musterstadt",
        "body": "Ab **18 Uhr** ziehen Orkanböen bis 130 km/h über die Stadt.\n\n"
        "- Bleiben Sie im Haus.\n- Schließen Sie Fenster und Türen.\n- Meiden Sie Wald und Parks.",
        "sms": "Orkanböen bis 130 km/h ab 18 Uhr. Bleiben Sie im Haus, meiden Sie Wald und Parks.",
    },
    "en": {
        "title": "Severe storm over Musterstadt",
        "body": "From **6 pm** gusts of up to 130 km/h will cross the town.\n\n"
        "- Stay indoors.\n- Close windows and doors.\n- Keep away from woods and parks.",
        "sms": "Gusts up to 130 km/h from 6 pm. Stay indoors, keep away from woods and parks.",
    },
}

ALL_CLEAR: dict[str, Any] = {
    "de": {
        "title": "Der Sturm ist vorbei",
        "body": "Sie können das Haus wieder verlassen. Meiden Sie den Stadtpark bis morgen.",
    },
    "en": {
        "title": "The storm is over",
        "body": "You may go outside again. Keep away from the town park until tomorrow.",
    },
}

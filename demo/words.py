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

SURVEY: dict[str, Any] = {
    "de": {
        "title": "Umfrage: Wie soll Musterstadt werden?",
        "body": "Nach dem Sturm bauen wir manches neu. Drei Fragen, **eine Minute**.",
        "sms": "Umfrage: Wie soll Musterstadt werden?",
    },
    "en": {
        "title": "Survey: what should Musterstadt be like?",
        "body": "After the storm we build some things anew. Three questions, **one minute**.",
        "sms": "Survey: what should Musterstadt be like?",
    },
}

SURVEY_ASKS: dict[str, Any] = {
    "questions": [
        {
            "shape": "single",
            "wordings": {
                "de": {"ask": "Wohin soll der neue Spielplatz?",
                       "options": ["Altstadt", "Neustadt", "Stadtpark"]},
                "en": {"ask": "Where should the new playground be?",
                       "options": ["Old town", "New town", "City park"]},
            },
        },
        {
            "shape": "several",
            "wordings": {
                "de": {"ask": "Wann passt Ihnen das Bürgerfest?",
                       "options": ["Freitag", "Samstag", "Sonntag"]},
                "en": {"ask": "When does the town's fair suit you?",
                       "options": ["Friday", "Saturday", "Sunday"]},
            },
        },
        {
            "shape": "scale",
            "wordings": {
                "de": {"ask": "Wie gut ist der Bus?", "options": ["schlecht", "sehr gut"]},
                "en": {"ask": "How good is the bus?", "options": ["bad", "very good"]},
            },
            "low": 1,
            "high": 5,
        },
    ]
}  # fmt: skip
"""One question of each shape."""

SPEED: dict[str, Any] = {
    "de": {
        "title": "Frage: Tempo 30 in der Hauptstraße?",
        "body": "Der Rat entscheidet im Dezember und fragt vorher Sie.",
        "sms": "Frage: Tempo 30 in der Hauptstraße?",
    },
    "en": {
        "title": "Question: 30 km/h in the main street?",
        "body": "The council decides in December, and asks you before.",
        "sms": "Question: 30 km/h in the main street?",
    },
}

SPEED_ASKS: dict[str, Any] = {
    "questions": [
        {
            "shape": "single",
            "wordings": {
                "de": {"ask": "Sind Sie dafür?", "options": ["Ja", "Nein"]},
                "en": {"ask": "Are you in favour?", "options": ["Yes", "No"]},
            },
        }
    ]
}
"""Open at the same time: whoever answers the survey names it by its code."""

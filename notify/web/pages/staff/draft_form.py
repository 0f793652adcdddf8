"""Reads the form in which staff write: what was typed, right or wrong, as a draft holds it."""

from dataclasses import replace

from notify.domain import draft_questions
from notify.domain.draft import Content, Words
from notify.domain.draft_questions import OF_ALERT
from notify.domain.languages import to_choose
from notify.settings import Settings
from notify.web.pages.forms import Fields


def content(form: Fields, settings: Settings, *, before: Content | None = None) -> Content:
    """What the form says. What it has no field for stays as it was `before`: what the draft follows,
    and texts in languages that the form does not show."""
    before = before or Content()
    languages = to_choose(settings.languages)
    texts = {
        tag: typed
        for tag in dict.fromkeys([*languages, *before.texts])
        if not (typed := _words(form, tag, before.texts.get(tag, Words()))).empty
    }
    return replace(
        before, kind=form.one("kind"), severity=form.one("severity"), drill=form.has("drill"),
        groups=tuple(dict.fromkeys(filter(None, map(str.strip, form.all("groups"))))), texts=texts,
        valid_until=form.one("valid_until"), send_at=form.one("send_at"),
        asking=draft_questions.read(asked(form), languages, before=before.asking),
    )  # fmt: skip


def asked(form: Fields) -> dict[str, str]:
    """The fields of what is asked. The question of an alert is there to be ticked: until then it is nobody's text."""
    off = not form.has("asks")
    return {
        name: form.one(name).replace("\r\n", "\n")
        for name in form.values
        if draft_questions.is_field(name)
        and not (off and (name == "urgent" or draft_questions.number_of(name) == OF_ALERT))
    }


def _words(form: Fields, tag: str, before: Words) -> Words:
    def typed(part: str, was: str) -> str:
        found = form.values.get(f"{part}-{tag}")
        return was if found is None else found[0].replace("\r\n", "\n").strip()

    return Words(
        title=typed("title", before.title), body=typed("body", before.body),
        sms=typed("sms", before.sms),
    )  # fmt: skip

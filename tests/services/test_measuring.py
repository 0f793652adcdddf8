"""What is asked is measured as it is sent, before anything is kept."""

from dataclasses import replace

import pytest

from notify.domain.broadcast import Text
from notify.domain.poll import Ask, Question, Shape, Wording
from notify.domain.replying import Say
from notify.domain.submission import MOST_SEGMENTS
from notify.errors import Invalid
from notify.rendering import questions, replies
from notify.rendering.languages import words
from notify.rendering.sms_text import plain_sms
from notify.services import measuring
from tests.rendering.test_questions import POLL
from tests.town import Town

SHORT = Question(Shape.SINGLE, {"de": Wording("Und nun?", ("Ja", "Nein"))})


def long(characters: int) -> Ask:
    """Two questions; the second takes so many characters more than its options."""
    options = tuple(
        f"{n}. Vorschlag fuer den Platz vor dem alten Rathaus in der Mitte" for n in range(9)
    )
    return Ask((SHORT, Question(Shape.SINGLE, {"de": Wording("a" * characters, options)})))


async def measure(town: Town, group: int, ask: Ask) -> None:
    texts = {"de": Text("Ihre Meinung", "Fragen.")}
    draft = replace(POLL, group_ids=(group,), texts=texts, ask=ask)
    async with town.db.transaction() as connection:
        await measuring.check(connection, draft, settings=town.settings)


async def test_a_later_question_fits_with_all_that_stands_before_it(town: Town) -> None:
    """Who speaks, for which poll, and which question of how many."""
    group = await town.group("town")
    said = words("de", default="de", zone=town.settings.zone)

    def parts(characters: int, *, whole: bool) -> int:
        text = questions.sms(said, long(characters), 2, language="de", default="de")
        data = {"say": Say.QUESTION, "question": text, "number": 2, "of": 2, "code": "K77"}
        made = replies.made(said, sender=town.settings.town, data=data, url="")
        return (made if whole else plain_sms(text)).segments

    fits = max(n for n in range(1, 300) if parts(n, whole=True) <= MOST_SEGMENTS)
    assert parts(fits + 1, whole=False) == MOST_SEGMENTS

    await measure(town, group, long(fits))
    with pytest.raises(Invalid, match="Question 2 in 'de' would take 7 SMS parts"):
        await measure(town, group, long(fits + 1))

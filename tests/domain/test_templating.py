"""Templates: their gaps, how they are filled, and what is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.domain.broadcast import Text
from notify.domain.draft import Content
from notify.domain.draft import from_json as draft_from_json
from notify.domain.draft import to_json as draft_to_json
from notify.domain.templating import (
    LONGEST_VALUE,
    MOST_GAPS,
    Flaw,
    Flawed,
    Prepared,
    check,
    fill,
    fingerprint,
    from_json,
    gaps,
    gaps_of,
    to_json,
)
from notify.domain.words import Kind, Severity
from notify.rendering.markup import to_html, to_text

WATER = Prepared(
    name="Wasser abkochen", kind=Kind.ALERT, severity=Severity.SEVERE, groups=("elbtal",), hours=12,
    texts={
        "de": Text("Wasser abkochen in ((Ort))", "Kochen Sie das Wasser ab.\n\n((Grund))\n- ((Ort))"),
        "en": Text("Boil water in ((Ort))", "Boil it: (( Grund ))", "((Ort)): boil water"),
    },
)  # fmt: skip


def _flaw(prepared: Prepared) -> Flawed:
    with pytest.raises(Flawed) as raised:
        check(prepared, first_language="de")
    return raised.value


def test_gaps_are_found_by_name_each_once() -> None:
    assert gaps("In ((Ort)), (( Ort )) und ((Straße 5)) (hier (und da))") == ["Ort", "Straße 5"]
    assert gaps_of(WATER.texts) == ["Ort", "Grund"]
    check(WATER, first_language="de")


def test_filling_fills_every_gap_of_every_language() -> None:
    filled = fill(WATER.texts, {"Ort": "Elbtal", "Grund": "Keime"})

    assert filled == {
        "de": Text("Wasser abkochen in Elbtal", "Kochen Sie das Wasser ab.\n\nKeime\n- Elbtal"),
        "en": Text("Boil water in Elbtal", "Boil it: Keime", "Elbtal: boil water"),
    }


def test_a_value_is_never_read_as_a_gap_or_as_a_pattern() -> None:
    filled = fill({"de": Text("((a))((b))", "((b))")}, {"a": r"\1 \g<0>", "b": "(a)"})

    assert filled["de"].title == r"\1 \g<0>(a)"


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1)
    .map(lambda text: " ".join(text.split())[:LONGEST_VALUE].strip())
    .filter(lambda text: text and not any(sign in text for sign in ("((", "))", ":", "@")))
)
def test_a_value_shows_just_as_it_was_typed_also_where_a_line_begins(value: str) -> None:
    import unicodedata

    shown = unicodedata.normalize("NFC", value)
    for body, around in (("((x))", ""), ("Vor ((x)) nach", "Vor  nach"), ("- ((x))", "- ")):
        text = to_text(fill({"de": Text("t", body)}, {"x": value})["de"].body)
        assert text == body.replace("((x))", shown).strip(), around


@pytest.mark.parametrize(
    "value", ["<b>x</b>", "[x](javascript:alert)", "![x](http://a.b/c)", "**x**"]
)
def test_a_value_marks_nothing_up(value: str) -> None:
    html = to_html(fill({"de": Text("t", "Hier: ((x))")}, {"x": value})["de"].body)

    assert not any(tag in html for tag in ("<b>", "<strong>", "<img", 'javascript:alert"'))


@pytest.mark.parametrize(
    ("values", "flaw"),
    [
        ({"Ort": "Elbtal"}, Flaw.OPEN),
        ({"Ort": "Elbtal", "Grund": "   "}, Flaw.OPEN),
        ({"Ort": "Elbtal", "Grund": "Keime", "Zeit": "jetzt"}, Flaw.UNKNOWN),
        ({"Ort": "Elbtal", "Grund": "zwei\nZeilen"}, Flaw.VALUE),
        ({"Ort": "Elbtal", "Grund": "x" * (LONGEST_VALUE + 1)}, Flaw.VALUE),
        ({"Ort": "((Grund))", "Grund": "x"}, Flaw.VALUE),
    ],
)
def test_what_does_not_fill_it_is_refused(values: dict[str, str], flaw: Flaw) -> None:
    with pytest.raises(Flawed) as raised:
        fill(WATER.texts, values)

    assert raised.value.flaw is flaw
    assert raised.value.names


@pytest.mark.parametrize(
    ("change", "flaw", "field"),
    [
        ({"name": " "}, Flaw.NO_NAME, "name"),
        ({"severity": None}, Flaw.NO_SEVERITY, "severity"),
        ({"hours": 0}, Flaw.HOURS, "hours"),
        ({"hours": 721}, Flaw.HOURS, "hours"),
        ({"texts": {"en": Text("t", "b")}}, Flaw.TEXT, "texts.de"),
        ({"texts": {"de": Text("", "b")}}, Flaw.TEXT, "texts.de.title"),
        ({"texts": {"de": Text("((", "b")}}, Flaw.BROKEN, "texts.de.title"),
        ({"texts": {"de": Text("t", "b (())")}}, Flaw.BROKEN, "texts.de.body"),
        ({"texts": {"de": Text("t", "b", f"(({'x' * 41}))")}}, Flaw.BROKEN, "texts.de.sms"),
        ({"texts": {"de": Text("t", "".join(f"((g{n}))" for n in range(MOST_GAPS + 1)))}},
         Flaw.TOO_MANY, "texts.de.body"),
    ],
)  # fmt: skip
def test_a_flawed_template_is_refused_at_the_field(
    change: dict[str, object], flaw: Flaw, field: str
) -> None:
    problem = _flaw(replace(WATER, **change))  # type: ignore[arg-type]

    assert (problem.flaw, problem.field) == (flaw, field)


def test_languages_with_different_gaps_are_told_which() -> None:
    problem = _flaw(
        replace(WATER, texts={"de": WATER.texts["de"], "en": Text("t ((Place))", "b ((Grund))")})
    )

    assert problem.flaw is Flaw.DIFFERENT
    assert problem.names == ("Ort", "Place")
    assert problem.field == "texts.en.body"


def test_the_fingerprint_is_of_everything_in_it() -> None:
    others = [
        replace(WATER, name="Anders"), replace(WATER, kind=Kind.ANNOUNCEMENT),
        replace(WATER, severity=Severity.MINOR), replace(WATER, groups=()), replace(WATER, hours=1),
        replace(WATER, texts={"de": WATER.texts["de"]}),
    ]  # fmt: skip

    assert len({fingerprint(one) for one in (WATER, *others)}) == 7
    assert fingerprint(from_json(to_json(WATER))) == fingerprint(WATER)
    assert from_json(to_json(WATER)) == WATER


def test_a_draft_kept_before_there_were_templates_is_read() -> None:
    kept = draft_to_json(Content(kind="alert", template="x/3"))
    assert draft_from_json(kept).template == "x/3"
    del kept["template"]
    assert draft_from_json(kept).template == ""

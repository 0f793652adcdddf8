"""What the form of a draft says, as it is kept."""

from notify.domain.draft import Content, Words
from notify.settings import Settings
from notify.web.pages.forms import Fields
from notify.web.pages.staff.draft_form import content


def test_all_that_is_typed_is_kept_as_it_was(settings: Settings) -> None:
    form = Fields(
        {
            "kind": ["alert"], "severity": ["severe"], "drill": ["1"], "groups": ["elbtal", "kita"],
            "title-de": ["  Sturm "], "body-de": ["Erst das.\r\n\r\nDann dies."], "sms-de": ["Sturm!"],
            "title-en": ["Storm"], "valid_until": ["2026-11-26T18:00"], "send_at": ["gleich"],
        }
    )  # fmt: skip

    assert content(form, settings) == Content(
        kind="alert", severity="severe", drill=True, groups=("elbtal", "kita"),
        texts={
            "de": Words("Sturm", "Erst das.\n\nDann dies.", "Sturm!"),
            "en": Words(title="Storm"),
        },
        valid_until="2026-11-26T18:00", send_at="gleich",
    )  # fmt: skip


def test_a_form_that_says_nothing_is_an_empty_draft(settings: Settings) -> None:
    form = Fields({"kind": [""], "title-de": [" "], "groups": ["", "a", "a"]})

    assert content(form, settings) == Content(groups=("a",))


def test_what_the_form_does_not_show_stays(settings: Settings) -> None:
    before = Content(
        kind="alert", follows="6f9619ff-8b86-d011-b42d-00cf4fc964ff", relation="update",
        texts={"de": Words("Alt", "Alt"), "fr": Words("Orage", "Restez chez vous.")},
    )  # fmt: skip
    form = Fields({"kind": ["alert"], "title-de": ["Neu"], "body-de": [""], "title-xx": ["?"]})

    kept = content(form, settings, before=before)

    assert (kept.follows, kept.relation) == (before.follows, "update")
    assert kept.texts == {"de": Words("Neu"), "fr": before.texts["fr"]}


def test_plain_german_is_read_where_german_is_written(settings: Settings) -> None:
    form = Fields({"title-de-x-simple": ["Es gibt Sturm"]})

    assert content(form, settings).texts == {"de-x-simple": Words("Es gibt Sturm")}

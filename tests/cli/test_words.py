"""What the command line makes of words that people type."""

import pytest
from typer.testing import CliRunner

from notify.cli import app
from notify.cli.broadcasts import by_language
from notify.settings import Settings


@pytest.mark.parametrize(
    ("said", "found"),
    [
        pytest.param("Sturm", {"de": "Sturm"}, id="the first language needs no tag"),
        pytest.param("en=Storm", {"en": "Storm"}, id="a tag"),
        pytest.param("de-x-simple=Sturm", {"de-x-simple": "Sturm"}, id="a long tag"),
        pytest.param("Pegel=5 m", {"de": "Pegel=5 m"}, id="a word is no tag"),
        pytest.param("Wasser=abkochen", {"de": "Wasser=abkochen"}, id="nor a long one"),
    ],
)
def test_a_language_is_told_from_a_word(said: str, found: dict[str, str]) -> None:
    assert by_language([said], "de") == found


def test_a_database_that_is_away_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    monkeypatch.setenv("NOTIFY_SECRET_KEYS", "k")
    monkeypatch.setenv("NOTIFY_VAPID_PRIVATE_KEY", "k")

    done = CliRunner().invoke(app, ["status"])

    assert done.exit_code == 1
    assert "database takes nothing just now" in done.output
    assert "Traceback" not in done.output


def test_links_lead_to_where_the_server_listens_unless_told_otherwise() -> None:
    assert Settings().public_url == "http://127.0.0.1:8000"
    assert Settings(http_port=8377).public_url == "http://127.0.0.1:8377"
    assert (
        Settings(http_port=8377, public_url="https://x.example/").public_url == "https://x.example"
    )


def test_settings_show_no_password_when_printed() -> None:
    settings = Settings(database_url="postgresql://u:geheim@h/d", redis_url="redis://:geheim@h")

    assert "geheim" not in repr(settings)

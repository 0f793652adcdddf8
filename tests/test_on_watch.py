"""What is read from the settings of the watch, and what is said of weak ones."""

import pytest
from pydantic import SecretStr, ValidationError

from notify import on_watch
from notify.errors import Misconfigured
from notify.settings import Settings

RELAY = SecretStr("smtp://user:secret@relay.example:587")
OTHER = SecretStr("smtp://user:secret@other.example:587")


def _settings(**given: object) -> Settings:
    return Settings(**given)  # type: ignore[arg-type]


def test_those_on_duty_are_known_in_the_form_addresses_are_kept_in() -> None:
    settings = _settings(duty="Erika@Example.org, 015112345678")

    assert on_watch.duty(settings) == [("email", "erika@example.org"), ("sms", "+4915112345678")]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param({"duty": "erika"}, "NOTIFY_DUTY", id="no address"),
        pytest.param({"duty": "0151 23456789"}, "without spaces like 0151", id="with a space"),
        pytest.param({"duty": "a@"}, "NOTIFY_DUTY", id="half a mail address"),
        pytest.param({"alarm_mail": "x"}, "NOTIFY_ALARM_MAIL", id="no mail address"),
        pytest.param({"alarm_mail": "a@b.example"}, "NOTIFY_ALARM_SMTP_URL", id="no relay"),
        pytest.param(
            {"alarm_mail": "a@b.example", "alarm_smtp_url": SecretStr("http://x")},
            "NOTIFY_ALARM_SMTP_URL", id="no relay URL",
        ),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_and_never_quoted(given: dict[str, object], named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        on_watch.check(_settings(**given))


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"ring_at": "25:00"}, id="no time"),
        pytest.param({"ring_at": "10:00+02:00"}, id="a time with a zone"),
        pytest.param({"heartbeat_url": "hc-ping.example/x"}, id="heartbeat without scheme"),
        pytest.param({"alarm_webhook": "ftp://x/y"}, id="webhook by FTP"),
    ],
)
def test_what_cannot_be_a_time_or_url_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        _settings(**given)


def test_whoever_can_be_told_of_nothing_is_told_so() -> None:
    first, second = on_watch.weaknesses(_settings())

    assert "NOTIFY_ALARM_MAIL" in first
    assert "NOTIFY_HEARTBEAT_URL" in second


@pytest.mark.parametrize(
    ("alone", "weak"),
    [
        pytest.param(None, True, id="unset"),
        pytest.param(RELAY, True, id="the same relay"),
        pytest.param(OTHER, False, id="another"),
    ],
)
def test_a_relay_that_fails_with_the_others_is_called_weak(
    alone: SecretStr | None, weak: bool
) -> None:
    settings = _settings(
        smtp_urls=(RELAY,), alarm_mail=("it@b.example",), alarm_smtp_url=alone,
        heartbeat_url=SecretStr("https://hc.example/x"),
    )  # fmt: skip

    assert bool(on_watch.weaknesses(settings)) is weak

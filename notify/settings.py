"""All settings, read from the environment or a `.env` file with the prefix NOTIFY_."""

import re
from datetime import time
from functools import cache, cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from notify.keeping import Keeping

Words = Annotated[tuple[str, ...], NoDecode]
"""A list written with commas or spaces between its entries."""

PUSH_SERVICES = (
    "fcm.googleapis.com",
    "*.push.services.mozilla.com",
    "*.notify.windows.com",
    "*.push.apple.com",
)

_zones = cache(available_timezones)  # it reads a folder of six hundred files


class Settings(Keeping):
    """One value for the whole process; made once, in bootstrap or in a test.

    With `database_url` unset everything runs embedded below `data_dir`, and secrets that are
    missing are made once and kept there. With it set, a missing secret is an error at start.
    """

    model_config = SettingsConfigDict(
        env_prefix="NOTIFY_", env_file=".env", extra="ignore", frozen=True
    )

    database_url: str | None = Field(
        default=None,
        repr=False,
        description="PostgreSQL ≥ 15 as a URL. Unset: an embedded server below DATA_DIR.",
    )
    redis_url: str | None = Field(
        default=None,
        repr=False,
        description="Redis as a URL. Unset with DATABASE_URL unset: embedded.",
    )
    data_dir: Path = Field(
        default=Path(".notify"), description="Where embedded servers and made secrets are kept."
    )
    public_url: str = Field(
        default="http://127.0.0.1:8000",
        description="How residents and providers reach this service. Unset: where it listens.",
    )
    http_host: str = Field(default="127.0.0.1", description="Address the HTTP server listens on.")
    http_port: int = Field(default=8000, description="Port the HTTP server listens on.")
    secret_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Keys for signing links and hashing suppressed addresses. The first signs, "
        "all verify; add new ones in front and keep the last one for good, it hashes.",
    )
    town: str = Field(
        default="Citizen Notify", description="Who speaks where no group says otherwise."
    )
    colour: str | None = Field(
        default=None, pattern="^#[0-9a-f]{6}$",
        description="The town's colour for links and buttons, like #0b4a8f: dark enough to be read "
        "on white. Groups may have their own.",
    )  # fmt: skip
    smtp_urls: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="Mail relays in order: smtp://user:pass@host:587 requires STARTTLS, smtps:// "
        "is TLS from the start, ?tls=none permits plain, ?rate=50 limits mails per second.",
    )
    mail_from: str = Field(default="notify@localhost", description="From address of mails.")
    mail_concurrency: int = Field(
        default=20, ge=1, le=200, description="Connections per mail relay."
    )
    bounce_domain: str | None = Field(
        default=None, description="Domain of bounce addresses. Unset: the domain of MAIL_FROM."
    )
    bounce_listen: str | None = Field(
        default=None,
        description="host:port where bounces are taken over SMTP and LMTP. Unset: off.",
    )
    dkim_selector: str | None = Field(
        default=None, description="DKIM selector. Unset: no signature."
    )
    dkim_private_key: SecretStr | None = Field(
        default=None, description="DKIM private key, PEM or a path to it."
    )

    twilio_account_sid: str | None = Field(
        default=None, description="Twilio account. Unset: no SMS."
    )
    twilio_auth_token: SecretStr | None = Field(
        default=None, description="Its token; also proves what Twilio posts to us."
    )
    twilio_senders: Words = Field(
        default=(),
        description="Senders in order, each NUMBER, NAME or MG… with its rate in segments per "
        "second: +4915112345678@1 or MGxxxx@100.",
    )
    twilio_api_url: str = Field(
        default="https://api.twilio.com",
        description="Base of the Twilio API, for another region or a sandbox.",
    )
    sms_concurrency: int = Field(default=50, ge=1, le=500, description="Calls to Twilio at once.")
    remind_minutes: int = Field(
        default=10, ge=1, le=120,
        description="Minutes after which approvers are reminded of a warning that waits, each time.",
    )  # fmt: skip
    reminders: int = Field(
        default=3, ge=0, le=12,
        description="How often approvers are reminded of one warning; from the second time on "
        "administrators are told as well.",
    )  # fmt: skip
    sms_price: str | None = Field(
        default=None, pattern=r"^\d{1,4}(\.\d{1,6})? [A-Z]{3}$",
        description="Price of a segment, like 0.075 EUR. Unset: staff see segments, no cost.",
    )  # fmt: skip
    sms_countries: Words = Field(
        default=("DE", "AT", "CH"),
        description="Countries, as two letters, whose numbers get the SMS that anybody can ask for: "
        "codes and answers. DEFAULT_REGION always does.",
    )
    sms_daily_budget: int = Field(
        default=500, ge=0,
        description="Segments of the SMS a day that anybody can ask for, codes and answers. When "
        "half are used up the sign-up page shows a code that the phone texts to us; the rest is for "
        "answers, for the desk and for codes to numbers that are proven.",
    )  # fmt: skip
    trusted_proxies: Words = Field(
        default=(),
        description="Proxies in front, as addresses or networks (10.0.0.0/8), whose X-Forwarded-For "
        "is believed. Unset: who connects is who asks.",
    )

    vapid_private_key: SecretStr | None = Field(
        default=None,
        description="VAPID private key, base64url or PEM. Changing it breaks every subscription.",
    )
    vapid_subject: str | None = Field(
        default=None, description="mailto: or https: contact for push services. Unset: MAIL_FROM."
    )
    push_hosts: Words = Field(
        default=PUSH_SERVICES,
        description="Push services allowed. An entry with scheme and port is taken literally; "
        "all others mean https on port 443 at a public address.",
    )
    push_concurrency: int = Field(default=50, ge=1, le=500, description="Push requests at once.")

    default_region: str = Field(
        default="DE", description="Country of phone numbers without a prefix."
    )
    timezone: str = Field(default="Europe/Berlin", description="The town's time zone.")
    languages: Words = Field(
        default=("de", "en"),
        description="Languages of texts. The first is required; others fall back to it.",
    )

    duty: Words = Field(
        default=(),
        description="Who is on duty: an e-mail address or phone number (without spaces, like "
        "+4915112345678) of each. "
        "Every proven address of these residents gets the daily test ring.",
    )
    ring_at: str = Field(
        default="10:00", description="When the daily test ring goes out, town's time."
    )
    alarm_mail: Words = Field(
        default=(), description="E-mail addresses that are told when something is wrong here."
    )
    alarm_smtp_url: SecretStr | None = Field(
        default=None,
        description="A relay for these mails, apart from the others. Unset: the first of SMTP_URLS.",
    )
    alarm_webhook: SecretStr | None = Field(
        default=None, description="URL that is told by POST of JSON when something is wrong here."
    )
    heartbeat_url: SecretStr | None = Field(
        default=None,
        description="URL called every minute while all is well; its owner notices silence.",
    )

    lease_seconds: int = Field(
        default=60, ge=50, le=600, description="How long a worker may hold a delivery in hand."
    )
    worker_processes: int = Field(
        default=1, ge=1, le=64, description="Processes of each worker; one uses one core."
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR.")
    log_format: str = Field(
        default="auto", description="json, console, or auto (console on a terminal)."
    )

    @field_validator(
        "twilio_senders", "push_hosts", "languages", "smtp_urls", "secret_keys", "duty",
        "alarm_mail", "sms_countries", "trusted_proxies", mode="before",
    )  # fmt: skip
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(value.replace(",", " ").split())
        return value

    @model_validator(mode="before")
    @classmethod
    def _reached_where_it_listens(cls, given: Any) -> Any:
        """Without a public URL, links lead to where the HTTP server listens."""
        if isinstance(given, dict) and not given.get("public_url"):
            host = given.get("http_host", cls.model_fields["http_host"].default)
            port = given.get("http_port", cls.model_fields["http_port"].default)
            return {**given, "public_url": f"http://{host}:{port}"}
        return given

    @field_validator("public_url", "twilio_api_url")
    @classmethod
    def _no_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("alarm_webhook", "heartbeat_url")
    @classmethod
    def _can_be_called(cls, value: SecretStr | None) -> SecretStr | None:
        parts = urlsplit(value.get_secret_value()) if value else None
        if parts and not (parts.scheme in {"http", "https"} and parts.hostname):
            raise ValueError("write a URL like https://example.org/path")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            try:
                ip_network(entry, strict=False)
            except ValueError:
                raise ValueError(
                    f"{entry!r} is no address; write one like 10.0.0.2 or 10.0.0.0/8"
                ) from None
        return value

    @field_validator("sms_countries")
    @classmethod
    def _countries(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for entry in value:
            if not re.fullmatch("[A-Z]{2}", entry.upper()):
                raise ValueError(f"{entry!r} is no country; write two letters like DE")
        return tuple(entry.upper() for entry in value)

    @field_validator("ring_at")
    @classmethod
    def _on_the_wall(cls, value: str) -> str:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("write the time on the town's clocks, like 10:00")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in _zones():
            raise ValueError(f"{value!r} is no time zone; write one like Europe/Berlin")
        return value

    @field_validator("languages")
    @classmethod
    def _at_least_one(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("name at least one language, for example: de,en")
        return value

    @model_validator(mode="after")
    def _whole_twilio(self) -> Self:
        if self.twilio_account_sid and not (self.twilio_auth_token and self.twilio_senders):
            raise ValueError(
                "NOTIFY_TWILIO_ACCOUNT_SID needs NOTIFY_TWILIO_AUTH_TOKEN and "
                "NOTIFY_TWILIO_SENDERS beside it"
            )
        return self

    @property
    def ring_time(self) -> time:
        return time.fromisoformat(self.ring_at)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def default_language(self) -> str:
        return self.languages[0]

    @property
    def embedded(self) -> bool:
        """Whether PostgreSQL (and Redis) are ours to start."""
        return self.database_url is None

"""Wires what notices that something is wrong with the service, and tells somebody."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.email import EmailChannel
from channels.relay import relay
from notify import bootstrap
from notify.bootstrap import MAIL_TIMEOUT, App
from notify.domain.addresses import normalise_email, normalise_phone
from notify.domain.alarms import Outage
from notify.errors import Invalid, Misconfigured
from notify.services.standing_watch import Post, Watch
from notify.services.telling import ByMail, ByWebhook, Teller, Way
from notify.settings import Settings


@asynccontextmanager
async def watch(app: App, *, tells_of_database: bool) -> AsyncIterator[Watch]:
    """What notices that something is wrong here, and tells. Raises Misconfigured.

    `tells_of_database` belongs to workers of the alert lane: few, and never none.
    """
    settings = app.settings
    relay_for_alarms = alarm_relay(settings)
    tellers: list[Way] = []
    if relay_for_alarms is not None:
        tellers += [
            ByMail(settings, relay_for_alarms, target) for target in alarm_addresses(settings)
        ]
    if settings.alarm_webhook is not None:
        tellers.append(ByWebhook(settings, settings.alarm_webhook.get_secret_value()))
    post = Post(
        settings=settings,
        channels=[str(channel) for channel in bootstrap.open_channels(settings)],
        senders=[
            sender.name for several in bootstrap.senders(settings).values() for sender in several
        ],
        on_duty=duty(settings),
        tellers=[Teller(app.db, way) for way in tellers],
        heartbeat_url=_heartbeat(settings),
    )
    outage = Outage(socket.gethostname()) if tells_of_database else None
    try:
        yield Watch(app.db, app.bell, post, outage=outage)
    finally:
        if relay_for_alarms is not None:
            await relay_for_alarms.close()


def check(settings: Settings) -> None:
    """Raises Misconfigured for a setting that the watch could not work with."""
    duty(settings)
    alarm_addresses(settings)
    alarm_relay(settings)


def weaknesses(settings: Settings) -> list[str]:
    """What would keep people from hearing of a fault, each in a sentence."""
    found = []
    if not settings.alarm_mail and settings.alarm_webhook is None:
        found.append(
            "nobody is told when something is wrong; set NOTIFY_ALARM_MAIL or NOTIFY_ALARM_WEBHOOK"
        )
    if settings.alarm_mail and _shares_a_relay(settings):
        found.append(
            "mails about faults go through a relay of NOTIFY_SMTP_URLS and would fail with it; set "
            "NOTIFY_ALARM_SMTP_URL to another one"
        )
    if settings.heartbeat_url is None:
        found.append(
            "nobody notices when this whole service is gone; set NOTIFY_HEARTBEAT_URL to a service "
            "elsewhere that does"
        )
    return found


def _shares_a_relay(settings: Settings) -> bool:
    alone = settings.alarm_smtp_url
    places = {_place(url.get_secret_value()) for url in settings.smtp_urls}
    return alone is None or _place(alone.get_secret_value()) in places


def _place(url: str) -> tuple[str, int]:
    found = relay(url)
    return found.host.lower(), found.port


def duty(settings: Settings) -> list[tuple[str, str]]:
    """Pairs of channel and address of those on duty, in the form addresses are kept in."""
    try:
        return [
            ("email", normalise_email(entry)) if "@" in entry
            else ("sms", normalise_phone(entry, region=settings.default_region))
            for entry in settings.duty
        ]  # fmt: skip
    except Invalid:
        raise Misconfigured(
            "NOTIFY_DUTY: write each as an e-mail address like erika@example.org or as a phone "
            "number without spaces like 015123456789 or +4915123456789."
        ) from None


def alarm_addresses(settings: Settings) -> list[str]:
    try:
        return [normalise_email(entry) for entry in settings.alarm_mail]
    except Invalid as problem:
        raise Misconfigured(f"NOTIFY_ALARM_MAIL: {problem.message}") from None


def alarm_relay(settings: Settings) -> EmailChannel | None:
    """The relay that mails about faults go through: better none of those that may be at fault."""
    if not settings.alarm_mail:
        return None
    url = settings.alarm_smtp_url or next(iter(settings.smtp_urls), None)
    if url is None:
        raise Misconfigured("NOTIFY_ALARM_MAIL needs NOTIFY_ALARM_SMTP_URL or NOTIFY_SMTP_URLS.")
    try:
        return EmailChannel(url.get_secret_value(), connections=1, timeout=MAIL_TIMEOUT)
    except ValueError as problem:
        raise Misconfigured(f"NOTIFY_ALARM_SMTP_URL: {problem}") from None


def _heartbeat(settings: Settings) -> str | None:
    return settings.heartbeat_url.get_secret_value() if settings.heartbeat_url else None

"""Each channel by itself: no database, messages composed beforehand; beside it, what others do."""

import contextlib
import functools
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from bench.alone import Alone, alone
from bench.browsers import browser
from bench.end_to_end import Wrong
from bench.gauges import cpu_seconds
from bench.peers import node
from bench.peers.mail import Content, with_aiosmtplib, with_smtp_source
from bench.sinks.process import PostfixSink, Sink, postfix
from bench.stand import Stand
from channels.vapid import public_key
from notify.domain.broadcast import Identity
from notify.domain.words import Channel
from notify.rendering.messages import Renderer
from notify.store.rows import to_broadcast
from rig.processes import until

CONNECTIONS = 20
PUSH_CONNECTIONS = 50
PAYLOAD = json.dumps({"title": "Lage 0000: Hochwasser", "body": "x" * 400})

Taker = Sink | PostfixSink


def email(stand: Stand) -> None:
    broadcast = _broadcast(stand)
    content = _content(stand, broadcast)
    with _relay(stand) as relay:
        url = f"smtp://127.0.0.1:{relay.port}?tls=none"
        done, sink = _alone(
            stand, Channel.EMAIL, broadcast, stand.scale.alone, relay, smtp_urls=url,
            mail_concurrency=CONNECTIONS,
        )  # fmt: skip
        pooled = _nodemailer(stand, content, relay)
        anew = _aiosmtplib(stand, content, relay)
        floor = _smtp_source(stand, content, relay)
    note = functools.partial(stand.note, value=done.rate, unit="mails/s", n=done.n)
    note("email_channel", peer=f"nodemailer, pooled, {CONNECTIONS} connections", peer_value=pooled)
    note("email_channel_aiosmtplib", peer=f"aiosmtplib, message built anew, {CONNECTIONS} connections", peer_value=anew)  # fmt: skip
    note("email_channel_floor", peer="postfix smtp-source, nothing to build", peer_value=floor)
    _costs(stand, "email_channel", done, sink)


def push(stand: Stand) -> None:
    sink = stand.world.sinks["push"]
    broadcast = _broadcast(stand)
    done, spent = _alone(stand, Channel.PUSH, broadcast, stand.scale.others, sink)
    peer = _webpush(stand, sink)
    sink.take()
    stand.note("push_channel", done.rate, "messages/s", n=done.n,
               peer=f"npm web-push, {PUSH_CONNECTIONS} connections", peer_value=peer)  # fmt: skip
    _costs(stand, "push_channel", done, spent)


def sms(stand: Stand) -> None:
    sink = stand.world.sinks["sms"]
    broadcast = _broadcast(stand)
    done, spent = _alone(stand, Channel.SMS, broadcast, stand.scale.others, sink)
    sink.take()
    stand.note("sms_channel", done.rate, "messages/s", n=done.n)
    _costs(stand, "sms_channel", done, spent)


def _alone(
    stand: Stand, channel: Channel, broadcast: UUID, count: int, sink: Taker, **more: Any
) -> tuple[Alone, float]:
    """What our channel does, and the sink's seconds of CPU for it."""
    before = cpu_seconds(sink.pid)
    with _counted(sink, count):
        done = alone(stand.world, channel, broadcast, count, **more)
    return done, cpu_seconds(sink.pid) - before


def _costs(stand: Stand, name: str, done: Alone, sink: float) -> None:
    for who, seconds in (("own", done.cpu), ("sink", sink)):
        stand.note(f"{name}_cpu_{who}", seconds / done.n * 1e6, "µs of CPU each", n=done.n)


@contextlib.contextmanager
def _counted(sink: Taker, count: int) -> Iterator[None]:
    """Every message of the block must have come, once. Raises Wrong."""
    before = sink.count()
    yield
    deadline = time.monotonic() + 5
    while (got := sink.count() - before) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    if got != count:
        raise Wrong(f"the sink counted {got} messages, not {count}")


def _broadcast(stand: Stand) -> UUID:
    """One that nobody gets: its town is empty."""
    stand.world.new_town()
    return stand.world.send(stand.world.town)


def _content(stand: Stand, broadcast: UUID) -> Content:
    row = stand.world.rows("SELECT * FROM broadcasts WHERE id = %(id)s", id=broadcast)[0]
    settings = stand.world.settings()
    who = Identity(sender_name=settings.town, mail_from=settings.mail_from)
    letter = Renderer(settings).letter(to_broadcast(row), language="de", identity=who)
    own = "x" * 100
    text, html = (part.replace(letter.placeholder, own) for part in (letter.text, letter.html))
    return Content(settings.mail_from, letter.subject, text, html)


@contextlib.contextmanager
def _relay(stand: Stand) -> Iterator[Taker]:
    """smtp-sink of postfix where it is installed, else our own."""
    program = postfix("smtp-sink")
    made = PostfixSink(program, stand.world.folder) if program else Sink("smtp", stand.world.folder)
    with made as relay:
        until(lambda: _answers(relay.port), seconds=10)
        stand.say(f"sink: {'postfix smtp-sink' if program else 'our own'}")
        yield relay


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _npm(stand: Stand) -> bool:
    why = node.missing() if stand.peers else "not wanted"
    if why is not None:
        stand.say(f"no peers from npm beside it: {why}")
    return why is None


def _nodemailer(stand: Stand, content: Content, relay: Taker) -> float | None:
    if not _npm(stand):
        return None
    count, warm = stand.scale.peer, stand.scale.peer // 10
    job = {
        "port": relay.port, "count": count, "warm": warm, "connections": CONNECTIONS,
        "from": content.sender, "subject": content.subject, "text": content.text,
        "html": content.html,
    }  # fmt: skip
    with _counted(relay, count + warm):
        return count / node.run("nodemailer.js", job, folder=stand.world.folder)


def _aiosmtplib(stand: Stand, content: Content, relay: Taker) -> float:
    count = stand.scale.peer // 2  # it takes its time
    with _counted(relay, count):
        return count / with_aiosmtplib(
            content, port=relay.port, count=count, connections=CONNECTIONS
        )


def _smtp_source(stand: Stand, content: Content, relay: Taker) -> float | None:
    program = postfix("smtp-source")
    if program is None:
        stand.say("no smtp-source beside it: postfix is not installed")
        return None
    count = stand.scale.alone
    with _counted(relay, count):
        return count / with_smtp_source(
            program, port=relay.port, size=content.size, count=count, connections=CONNECTIONS
        )


def _webpush(stand: Stand, sink: Taker) -> float | None:
    if not _npm(stand):
        return None
    count, warm = stand.scale.peer, stand.scale.peer // 10
    job = {
        "subscriptions": [
            browser(stand.world.sinks["push"].url, number).subscription()
            for number in range(count)
        ],
        "warm": warm, "payload": PAYLOAD, "connections": PUSH_CONNECTIONS,
        "publicKey": public_key(stand.world.vapid), "privateKey": stand.world.vapid,
    }  # fmt: skip
    with _counted(sink, count + warm):
        return count / node.run("webpush.js", job, folder=stand.world.folder)

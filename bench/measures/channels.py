"""Each channel by itself: no database, messages composed beforehand; beside it, what others do."""

import contextlib
import socket
from collections.abc import Iterator
from uuid import UUID

from bench.alone import alone
from bench.browsers import browser
from bench.end_to_end import Wrong
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


def email(stand: Stand) -> None:
    broadcast = _broadcast(stand)
    content = _content(stand, broadcast)
    count = stand.scale.alone
    with _relay(stand) as relay:
        url = f"smtp://127.0.0.1:{relay.port}?tls=none"
        done = alone(
            stand.world, Channel.EMAIL, broadcast, count, smtp_urls=url,
            mail_concurrency=CONNECTIONS,
        )  # fmt: skip
        _counted(relay, count)
        pooled = _nodemailer(stand, content, relay.port)
        one_by_one = stand.scale.peer / with_aiosmtplib(
            content, port=relay.port, count=stand.scale.peer, connections=CONNECTIONS
        )
        floor = _smtp_source(stand, content, relay.port)
    stand.note("email_channel", done.rate, "mails/s", n=count,
               peer=f"nodemailer, pooled, {CONNECTIONS} connections", peer_value=pooled)  # fmt: skip
    stand.note("email_channel_aiosmtplib", done.rate, "mails/s", n=count,
               peer=f"aiosmtplib, message built anew, {CONNECTIONS} connections", peer_value=one_by_one)  # fmt: skip
    stand.note("email_channel_floor", done.rate, "mails/s", n=count,
               peer="postfix smtp-source", peer_value=floor)  # fmt: skip
    stand.note("email_channel_cpu", done.cpu / count * 1e6, "µs of CPU a mail", n=count)


def _broadcast(stand: Stand) -> UUID:
    """One that nobody gets: its town is empty."""
    stand.world.new_town()
    return stand.world.send(stand.world.town)


def _content(stand: Stand, broadcast: UUID) -> Content:
    row = stand.world.rows("SELECT * FROM broadcasts WHERE id = %(id)s", id=broadcast)[0]
    settings = stand.world.settings()
    who = Identity(sender_name=settings.town, mail_from=settings.mail_from)
    letter = Renderer(settings).letter(to_broadcast(row), language="de", identity=who)
    text, html = letter.for_reader(f"{settings.public_url}/leave/{'x' * 100}")
    return Content(settings.mail_from, letter.subject, text, html)


@contextlib.contextmanager
def _relay(stand: Stand) -> Iterator[Sink | PostfixSink]:
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


def _counted(sink: Sink | PostfixSink, count: int) -> None:
    """Every message must have come, once. Raises Wrong."""
    until(lambda: sink.count() >= count, seconds=10)
    if sink.count() != count:
        raise Wrong(f"the sink counted {sink.count()} messages, not {count}")


def _npm(stand: Stand) -> bool:
    why = node.missing() if stand.peers else "not wanted"
    if why is not None:
        stand.say(f"no peers from npm beside it: {why}")
    return why is None


def _nodemailer(stand: Stand, content: Content, port: int) -> float | None:
    if not _npm(stand):
        return None
    count = stand.scale.peer
    job = {
        "port": port, "count": count, "connections": CONNECTIONS, "from": content.sender,
        "subject": content.subject, "text": content.text, "html": content.html,
    }  # fmt: skip
    seconds = node.run("nodemailer.js", job, folder=stand.world.folder)
    return count / seconds if seconds else None


def _smtp_source(stand: Stand, content: Content, port: int) -> float | None:
    program = postfix("smtp-source")
    if program is None:
        stand.say("no smtp-source beside it: postfix is not installed")
        return None
    count = stand.scale.alone
    seconds = with_smtp_source(
        program, port=port, size=content.size, count=count, connections=CONNECTIONS
    )
    return count / seconds if seconds else None


def push(stand: Stand) -> None:
    count = stand.scale.others
    sink = stand.world.sinks["push"]
    sink.take()
    done = alone(stand.world, Channel.PUSH, _broadcast(stand), count)
    _counted(sink, count)
    sink.take()
    peer = _webpush(stand)
    sink.take()
    stand.note("push_channel", done.rate, "messages/s", n=count,
               peer=f"npm web-push, {PUSH_CONNECTIONS} connections", peer_value=peer)  # fmt: skip


def _webpush(stand: Stand) -> float | None:
    if not _npm(stand):
        return None
    count = stand.scale.peer
    origin = stand.world.sinks["push"].url
    job = {
        "subscriptions": [browser(origin, number).subscription() for number in range(count)],
        "payload": '{"title": "Lage 0000: Hochwasser", "body": "' + "x" * 400 + '"}',
        "connections": PUSH_CONNECTIONS, "publicKey": public_key(stand.world.vapid),
        "privateKey": stand.world.vapid,
    }  # fmt: skip
    seconds = node.run("webpush.js", job, folder=stand.world.folder)
    return count / seconds if seconds else None


def sms(stand: Stand) -> None:
    count = stand.scale.others
    sink = stand.world.sinks["sms"]
    sink.take()
    done = alone(stand.world, Channel.SMS, _broadcast(stand), count)
    _counted(sink, count)
    sink.take()
    stand.note("sms_channel", done.rate, "messages/s", n=count)

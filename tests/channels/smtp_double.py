"""SMTP servers on the loopback: a real one (aiosmtpd) and one that misbehaves by script."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from channels.messages import Email, MailForm

DROP = "<drop>"
HANG = "<hang>"
HOST = "127.0.0.1"
PLAIN = ("8BITMIME", "ENHANCEDSTATUSCODES")
PIPELINING = (*PLAIN, "PIPELINING")


def a_form(**changes: Any) -> MailForm:
    values: dict[str, Any] = {
        "subject": "Sturmwarnung",
        "text": "Bleiben Sie im Haus.",
        "html": "<p>Bleiben Sie im Haus.</p>",
        "from_address": "stadt@example.com",
        "from_name": "Stadt Beispiel",
        "language": "de",
    }
    return MailForm(**{**values, **changes})


def an_email(**changes: Any) -> Email:
    """A mail with some fields changed, its own or those of its form."""
    own = {field.name for field in fields(Email)}
    values: dict[str, Any] = {
        "form": a_form(**{name: changes[name] for name in changes.keys() - own}),
        "to": "erika@example.org",
        "envelope_from": "b-1@bounces.example.com",
        "message_id": "d1@example.com",
        "own": changes.get("unsubscribe_url"),
    }
    return Email(**{**values, **{name: changes[name] for name in changes.keys() & own}})


@dataclass
class Scripted:
    """Answers each command from a table; what the table leaves out goes well.

    A value is an answer, DROP or HANG, or a list of them used up one by one. RCPT without
    MAIL and DATA without RCPT go badly, unless the table says otherwise.
    """

    answers: Mapping[str, str | list[str]]
    offers: tuple[str, ...] = PLAIN
    commands: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)  # set once it hangs
    spoken_to: asyncio.Event = field(default_factory=asyncio.Event)

    def verbs(self) -> list[str]:
        return [command.split(" ")[0].split(":")[0] for command in self.commands]

    def _answer(self, verb: str, *, taken: bool) -> str:
        given = self.answers.get(verb)
        if isinstance(given, list):
            given = given.pop(0) if given else None
        if given is not None:
            return given
        if verb == "EHLO":
            lines = ["double.example", *self.offers]
            return "\r\n".join([f"250-{line}" for line in lines[:-1]] + [f"250 {lines[-1]}"])
        defaults = {"GREETING": "220 ready", "DATA": "354 go on", "QUIT": "221 bye"}
        if not taken and verb in {"RCPT", "DATA", "BODY"}:
            return "503 5.5.1 nothing to do it for"
        return defaults.get(verb, "250 2.0.0 fine")

    async def _say(self, verb: str, writer: asyncio.StreamWriter, *, taken: bool = True) -> str:
        """What was said, DROP where the connection ends."""
        answer = self._answer(verb, taken=taken)
        if answer == HANG:
            self.reached.set()
            await asyncio.Event().wait()
        if answer == DROP:
            return DROP
        writer.write(answer.encode() + b"\r\n")
        await writer.drain()
        return DROP if answer.startswith("421") else answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._dialogue(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _dialogue(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said, taken = await self._say("GREETING", writer), False
        while said != DROP and (line := await reader.readline()):
            command = line.decode().strip()
            self.commands.append(command)
            self.spoken_to.set()
            verb = command.split(" ")[0].upper()
            said = await self._say(verb, writer, taken=taken)
            if verb in {"MAIL", "RCPT"}:
                taken = said.startswith("25") and (taken or verb == "MAIL")
            if verb == "DATA" and said.startswith("354"):
                self.bodies.append(await _body(reader))
                said = await self._say("BODY", writer, taken=taken)
            if verb == "QUIT":
                return

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}?tls=none"


async def _body(reader: asyncio.StreamReader) -> bytes:
    lines = [await reader.readuntil(b"\r\n")]
    while lines[-1] != b".\r\n":
        lines.append(await reader.readuntil(b"\r\n"))
    return b"".join(lines)


@asynccontextmanager
async def scripted(
    answers: Mapping[str, str | list[str]] | None = None, **kwargs: Any
) -> AsyncIterator[Scripted]:
    script = Scripted(deepcopy(dict(answers or {})), **kwargs)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await script.serve(reader, writer)

    server = await asyncio.start_server(serve, HOST, 0)
    script.port = server.sockets[0].getsockname()[1]
    try:
        yield script
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass
class Inbox:
    """What the real server took; with STARTTLS it asks for a log-in, with TLS from the start
    it does not (aiosmtpd does not know then that the line is safe)."""

    envelopes: list[Envelope] = field(default_factory=list, repr=False)
    sessions: list[Session] = field(default_factory=list, repr=False)
    port: int = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(envelope)
        self.sessions.append(session)
        return f"250 2.0.0 Ok: queued as Q{len(self.envelopes)}"


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
) -> AuthResult:
    good = data == LoginPassword(b"us er", b"p@ss/word")
    return AuthResult(success=good, handled=False)


@asynccontextmanager
async def real(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, **options: Any
) -> AsyncIterator[Inbox]:
    inbox = Inbox()
    loop = asyncio.get_running_loop()
    if tls is not None and not implicit:
        options |= {"authenticator": _authenticate, "auth_required": True}
    protocols: list[SMTP] = []

    def protocol() -> SMTP:
        protocols.append(
            SMTP(
                inbox,
                hostname="double.example",
                loop=loop,
                tls_context=None if implicit else tls,
                require_starttls=tls is not None and not implicit,
                **options,
            )
        )
        return protocols[-1]

    server = await loop.create_server(protocol, HOST, 0, ssl=tls if implicit else None)
    inbox.port = server.sockets[0].getsockname()[1]
    try:
        yield inbox
    finally:
        server.close()
        for each in protocols:
            if each.transport is not None:
                # Python before 3.11.4 raises AttributeError where TLS has ended already.
                with contextlib.suppress(AttributeError):
                    cast(asyncio.WriteTransport, each.transport).abort()
        await asyncio.sleep(0)


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's and a client's TLS context around a throw-away self-signed certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "double.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem = folder / "double.pem"
    pem.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + made.public_bytes(Encoding.PEM)
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))

"""Encodes the text of a mail once, and puts into its gaps what differs for each reader.

7-bit safe, no line longer than 76 characters, CRLF throughout, and no line begins with a dot, so
that SMTP has none to double (RFC 5321 §4.5.2). What is decoded is the text with its gaps filled,
whatever stands around a gap.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

_CRLF = b"\r\n"
_ASCII = bytes(range(128))
_GROWN = re.compile(rb"^([^\n]{74,})(=20|=09)$", re.MULTILINE)  # over 76 characters
_SOFT_BREAK = b"=\n"  # quoted-printable: a line end that is none
_LONGEST_LINE = 76  # RFC 2045 §6.7
_WHOLE = 57  # bytes, which base64 makes a line of 76


class Body(Protocol):
    """One text in a transfer encoding."""

    @property
    def coding(self) -> str: ...

    def filled(self, link: str) -> bytes:
        """The encoded text with `link`, printable ASCII, in every gap."""
        ...


def body(segments: Sequence[str]) -> Body:
    """Encodes a text, given as what stands before, between and behind its gaps; line ends are LF."""
    encoded = [segment.encode() for segment in segments]
    data = b"".join(encoded)
    # Quoted-printable triples each byte above ASCII, base64 adds a third to all of them.
    if len(data.translate(None, delete=_ASCII)) * 6 > len(data):
        return _Base64(encoded)
    return _QuotedPrintable(encoded)


class _QuotedPrintable:
    coding = "quoted-printable"

    def __init__(self, segments: Sequence[bytes]) -> None:
        last = len(segments) - 1
        self._fixed = [
            _wire(_joint(segment, first=number == 0, last=number == last))
            for number, segment in enumerate(segments)
        ]

    def filled(self, link: str) -> bytes:
        if len(self._fixed) == 1:
            return self._fixed[0]
        return _quoted(link).join(self._fixed)


@lru_cache(maxsize=16)
def _quoted(link: str) -> bytes:
    """What stands in a gap, in both texts of a mail."""
    return _wire(_open_ended(link.encode()))


def _joint(segment: bytes, *, first: bool, last: bool) -> bytes:
    """Quoted-printable that leaves each gap a line of its own, so that what fills it is encoded
    the same wherever it stands."""
    before = b"" if first or segment.startswith(b"\n") else _SOFT_BREAK
    if not segment:
        return b"" if last else before
    if last:
        return before + _printable(segment)
    encoded = before + _open_ended(segment)
    return encoded if encoded.endswith(b"\n") else encoded + _SOFT_BREAK


def _open_ended(data: bytes) -> bytes:
    """Quoted-printable that something follows on the same line: room is left for a soft break."""
    return _printable(data + b"x")[:-1]


def _printable(data: bytes) -> bytes:
    """Quoted-printable. Python forgets that a space at the end of a line grows by two."""
    return _GROWN.sub(rb"\1=\n\2", binascii.b2a_qp(data, istext=True))


def _wire(encoded: bytes) -> bytes:
    """Quoted-printable as it is sent: without a dot at the beginning of a line."""
    if encoded.startswith(b".") or b"\n." in encoded:
        encoded = b"\n".join(_undotted(line) for line in encoded.split(b"\n"))
    return encoded.replace(b"\n", _CRLF)


def _undotted(line: bytes) -> bytes:
    done = b""
    while line.startswith(b"."):
        room = len(line) + 2 < _LONGEST_LINE  # a soft break may follow
        done += b"=2E" if room else b"=2E" + _SOFT_BREAK
        line = line[1:]
        if room:
            break
    return done + line


class _Base64:
    coding = "base64"

    def __init__(self, segments: Sequence[bytes]) -> None:
        self._segments = [segment.replace(b"\n", _CRLF) for segment in segments]
        # What stands behind a gap begins one of three ways, since three bytes make four
        # characters: the link's last group takes none, one or two bytes of it along.
        self._fixed = [
            [_whole_lines(segment[taken:]) for taken in range(3)] for segment in self._segments
        ]

    def filled(self, link: str) -> bytes:
        lines: list[bytes] = []
        rest = b""  # not encoded yet
        for number, segment in enumerate(self._segments):
            if number:
                rest += link.encode()
            taken = -len(rest) % 3
            whole = self._fixed[number][taken]
            if whole:
                lines += (_lines(rest + segment[:taken]), whole)
                rest = segment[taken + len(segment[taken:]) // _WHOLE * _WHOLE :]
            else:
                rest += segment
        lines.append(_lines(rest))
        return b"".join(lines)


def _whole_lines(data: bytes) -> bytes:
    return _lines(data[: len(data) // _WHOLE * _WHOLE])


def _lines(data: bytes) -> bytes:
    return base64.encodebytes(data).replace(b"\n", _CRLF)

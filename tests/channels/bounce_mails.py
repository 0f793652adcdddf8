"""Bounces to be read: a few stored whole, the others made from their fields."""

from pathlib import Path

BOUNCES = Path(__file__).parent / "data" / "bounces"


def stored(name: str) -> bytes:
    return (BOUNCES / f"{name}.eml").read_bytes()


def report(
    *recipients: str,
    kind: str = "message/delivery-status",
    about: str = "Reporting-MTA: dns; mx.example.net\nOriginal-Envelope-Id: att1",
    head: str = "",
    original: str = "",
    line_end: str = "\n",
) -> bytes:
    """A report with one block of fields for each recipient."""
    lines = [
        "From: MAILER-DAEMON@mx.example.net",
        "Subject: Returned mail",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain; charset=x-unknown-8bit",
        "",
        "Gr\xfc\xdfe",
        "--b",
        f"Content-Type: {kind}",
        *([head] if head else []),
        "",
        "\n\n".join([about, *recipients]),
        "",
        *(["--b", original] if original else []),
        "--b--",
        "",
    ]
    return "\n".join(lines).replace("\n", line_end).encode("latin-1")


def fields(action: str = "failed", status: str = "5.1.1", diagnostic: str = "") -> str:
    values = {"Action": action, "Status": status, "Diagnostic-Code": diagnostic}
    lines = [f"{name}: {value}" for name, value in values.items() if value]
    return "\n".join(["Final-Recipient: rfc822; erika@example.org", *lines])

"""The world that things are broken in: the service on its stand, and the sandbox around it."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typing_extensions import override

from channels.vapid import public_key
from demo.service import free_port
from rig.service import Refused, Rig
from sandbox.client import SandboxProcess

__all__ = ["SENDER", "Refused", "World"]

SENDER = "+4915735990000"


class World(Rig):
    """A rig whose world outside is the sandbox."""

    box: SandboxProcess

    def __init__(self, database_url: str, folder: Path, **more: str) -> None:
        super().__init__(database_url, folder, **more)
        self._bounces = f"127.0.0.1:{free_port()}"

    @override
    def begin_outside(self, stack: contextlib.ExitStack) -> None:
        self.box = stack.enter_context(SandboxProcess("--bounce-to", self._bounces, "--seed", "7"))

    @override
    def outside(self) -> Mapping[str, str]:
        return {
            "BOUNCE_LISTEN": self._bounces,
            "SMTP_URLS": self.box.smtp_url,
            "TWILIO_ACCOUNT_SID": self.box.account_sid,
            "TWILIO_AUTH_TOKEN": self.box.auth_token,
            "TWILIO_SENDERS": f"{SENDER}@400",
            "TWILIO_API_URL": self.box.twilio_url,
            "PUSH_HOSTS": self.box.push_url,
        }

    @override
    def new_town(self) -> None:
        """Everything from here on is about a town of its own, with empty books."""
        self.box.rules([])
        self.box.clear()
        super().new_town()

    @override
    def browsers(self, count: int) -> list[dict[str, Any]]:
        return self.box.browsers(count, application_key=public_key(self.vapid))

    def hurry(self, *, seconds: float = 12.0) -> None:
        """Put the clock forward for what is unknown and waits for a receipt first; with more
        seconds also for what somebody is looking into."""
        self.change(
            "UPDATE deliveries SET due_at = now() WHERE status = 'unknown' AND closed_at IS NULL"
            " AND due_at > now() AND due_at < now() + %(seconds)s * interval '1 s'",
            seconds=seconds,
        )

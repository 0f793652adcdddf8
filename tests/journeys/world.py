"""The world of the fault harness, with what journeys do in it: people, sending, looking."""

import re
import urllib.request
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID

from typing_extensions import override

from demo import ledger
from demo.compare import compare
from faults import world
from faults.world import SENDER, Refused
from rig.processes import Process, until

__all__ = ["SENDER", "TEXTS", "Refused", "World"]

TEXTS: Mapping[str, Mapping[str, str]] = {
    "de": {
        "title": "Hochwasser an der Elbe",
        "body": "Gehen Sie in die **oberen** Stockwerke.\n\n- Meiden Sie Keller.",
        "sms": "Hochwasser. Gehen Sie nach oben.",
    },
    "en": {
        "title": "Flood at the river",
        "body": "Go to the **upper** floors.\n\n- Keep out of cellars.",
        "sms": "Flood. Go upstairs.",
    },
}
WAITING: LiteralString = (
    "SELECT count(*) AS n FROM deliveries WHERE broadcast_id = %(id)s"
    " AND (status IN ('pending', 'sending') OR (status = 'unknown' AND closed_at IS NULL)"
    " OR (status = 'sent' AND channel <> 'email'))"
)


class World(world.World):
    """`with` starts the sandbox and ends every process. `more` are settings without NOTIFY_."""

    def __init__(self, database_url: str, folder: Path, **more: str) -> None:
        super().__init__(database_url, folder, **more)
        self._sent: list[UUID] = []

    def begin(self) -> Process:
        """Start the HTTP server and a worker for all lanes, make a town; gives the worker."""
        api, worker = self.start("api"), self.start("worker")
        self.ready(api, worker)
        self.new_town()
        return worker

    @override
    def new_town(self) -> None:
        self._sent.clear()
        super().new_town()

    def fetch(self, method: str, path: str, form: str = "") -> str:
        """A page, as a browser or a mail program asks for it; AssertionError if it is not 200."""
        request = urllib.request.Request(  # noqa: S310 - our own URL
            self.environment["NOTIFY_PUBLIC_URL"] + path,
            data=form.encode() if method == "POST" else None,
            method=method,
        )
        with self._opener.open(request, timeout=30) as answer:
            return str(answer.read().decode())

    def resident(
        self,
        *,
        email: str | None = None,
        phone: str | None = None,
        browser: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> str:
        """A resident who follows the town with every address she gives."""
        given = {"email": email, "sms": phone, "push": browser}
        on = {channel: value for channel, value in given.items() if value is not None}
        body = {
            "language": "de",
            "addresses": [{"channel": c, "value": value} for c, value in on.items()],
            "subscriptions": [{"group": self.town, "alerts": list(on), "news": list(on)}],
            "consent": "a form",
            **more,
        }
        return str(self.post("/api/v1/residents", body)["id"])

    def residents(self, people: Sequence[Mapping[str, Any]]) -> None:
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda person: self.resident(**person), people))

    def readers(self, count: int) -> None:
        """People with a mail address each."""
        self.residents([{"email": self.mail(n)} for n in range(count)])

    def phones(self, count: int) -> None:
        """People with a phone each."""
        self.residents([{"phone": self.phone(n)} for n in range(count)])

    def mail(self, number: int = 0) -> str:
        return f"r{number}@{self.town}.example"

    def phone(self, number: int = 0) -> str:
        return f"+491511{self.number:03}{number:04}"

    def send(self, kind: str = "alert", **more: Any) -> str:
        body = {
            "kind": kind,
            "groups": [self.town],
            "texts": TEXTS,
            "valid_until": (datetime.now(UTC) + timedelta(hours=6)).isoformat(),
            **more,
        }
        made = str(self.post("/api/v1/broadcasts", body)["id"])
        self._sent.append(UUID(made))
        return made

    def counts(self, broadcast_id: str, channel: str) -> dict[str, int]:
        """Deliveries by status, without the zeros."""
        of = self.look(broadcast_id)["progress"].get(channel, {})
        return {status: n for status, n in of.items() if n}

    def at_rest(self, broadcast_id: str) -> Any:
        """Wait until a broadcast is over and nothing more is to come; what the API says of it."""

        def look() -> Any:
            self.hurry()
            if self.rows(WAITING, id=UUID(broadcast_id))[0]["n"]:
                return None
            seen = self.look(broadcast_id)
            return seen if seen["dispatched_at"] else None

        return until(look, why=self.everything)

    def until_bounced(self, count: int) -> None:
        """Wait until so many mails have come back."""
        until(lambda: self.statuses()["email", "failed"] >= count, why=self.everything)

    def lapse(self) -> int:
        """Put the clock forward for the leases of workers that are dead; how many there were."""
        return self.change("UPDATE attempts SET lease_until = now() WHERE settled_at IS NULL")

    def attempts(self) -> list[dict[str, Any]]:
        """Of all broadcasts of this town, with channel, status and address."""
        return self.rows(
            "SELECT t.*, d.channel, d.status, a.value FROM attempts t"
            " JOIN deliveries d ON d.id = t.delivery_id JOIN addresses a ON a.id = d.address_id"
            " WHERE d.broadcast_id = ANY(%(sent)s) ORDER BY t.id",
            sent=self._sent,
        )

    def statuses(self) -> Counter[tuple[str, str]]:
        rows = self.rows(
            "SELECT channel, status, count(*) AS n FROM deliveries"
            " WHERE broadcast_id = ANY(%(sent)s) GROUP BY 1, 2",
            sent=self._sent,
        )
        return Counter({(row["channel"], row["status"]): row["n"] for row in rows})

    def agree(self, *broadcast_ids: str, texts: Mapping[str, Any] = TEXTS) -> None:
        """Hold the books against the database; raises demo.compare.Difference."""
        accounts = {one: ledger.read(self.database_url, one) for one in broadcast_ids}
        compare(self.box, accounts, dict.fromkeys(broadcast_ids, texts))

    def reached(self, channel: str) -> Counter[str]:
        """How often each address is in the books. What people of an earlier town are still sent
        is not this one's."""
        name = "endpoint" if channel == "push" else "to"
        told = [str(record[name]) for record in self.box.books(channel, brief=True)]
        return Counter(address for address in told if not self._is_of_another(address))

    def _is_of_another(self, address: str) -> bool:
        """Whether `mail` or `phone` made it in another town."""
        found = re.fullmatch(r"r\d+@town-(\d+)\.example|\+491511(\d{3})\d{4}", address)
        return found is not None and int(found[1] or found[2]) != self.number

    @override
    def everything(self) -> str:
        return f"{dict(self.statuses())}\n{super().everything()}"

"""A town whose service is looked at, and somebody outside who is told."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from channels.base import Failure, TryAgain
from notify.domain.alarms import News
from notify.services.noticing import Lookout
from notify.services.ringing import Duty
from notify.services.telling import Teller
from tests.town import ALL, Town

MAIL, PHONE = "erika@example.org", "+4915112345678"
DUTY: Duty = [("email", MAIL)]
TARGETS = [("mail", "it@example.org"), ("webhook", "")]


class Ear:
    """A way that hears everything, or nothing while `deaf`."""

    def __init__(self, *, name: str = "mail", target: str = "it@example.org", together: int = 50,
                 an_hour: int = 12) -> None:  # fmt: skip
        self.name, self.target = name, target
        self.together, self.an_hour = together, an_hour
        self.heard: list[list[News]] = []
        self.deaf = False
        self.tried = 0

    async def tell(self, news: Sequence[News]) -> None:
        self.tried += 1
        if self.deaf:
            failure: Failure = TryAgain("unreachable")
            raise failure
        self.heard.append(list(news))

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(str(one.state), one.key) for message in self.heard for one in message]


class Watched:
    """Looks at a town without waiting for a turn."""

    def __init__(self, town: Town, **more: object) -> None:
        self.town = town
        given: dict[str, object] = {
            "channels": ALL, "senders": ["relay"], "on_duty": DUTY, "targets": TARGETS,
        } | more  # fmt: skip
        self.lookout = Lookout(town.db, **given)  # type: ignore[arg-type]

    async def look(self, *, redis: bool = True) -> None:
        assert await self.lookout.look(redis=redis, every=0)

    async def well(self) -> None:
        """A town in which nothing is wrong: workers for all lanes, an officer on all channels."""
        await self.work("alert", "note", "bulk")
        await self.officer()

    async def officer(self, language: str = "de") -> UUID:
        return await self.town.resident(
            email=MAIL, phone=PHONE, push=["https://push.example/1"], language=language
        )

    async def work(self, *lanes: str) -> None:
        for lane in lanes:
            await self.town.change(
                "INSERT INTO workers (id, lane, host) VALUES (%(id)s, %(lane)s, 'h')",
                id=uuid4(), lane=lane,
            )  # fmt: skip

    async def later(self, seconds: float) -> None:
        """Let time pass for all that is known of alarms; workers go on."""
        await self.town.change(
            "UPDATE alarms SET noticed_at = noticed_at - %(s)s * interval '1 s',"
            " seen_at = seen_at - %(s)s * interval '1 s',"
            " remind_at = remind_at - %(s)s * interval '1 s'",
            s=seconds,
        )
        await self.town.change(
            "UPDATE tellings SET due_at = due_at - %(s)s * interval '1 s',"
            " created_at = created_at - %(s)s * interval '1 s',"
            " told_at = told_at - %(s)s * interval '1 s'",
            s=seconds,
        )

    async def raised(self, **more: bool) -> list[str]:
        """Keys in force after a look, and another when every patience is over."""
        await self.look(**more)
        await self.later(601)
        await self.look(**more)
        rows = await self.town.rows(
            "SELECT key FROM alarms WHERE raised_at IS NOT NULL AND over_at IS NULL ORDER BY key"
        )
        return [row["key"] for row in rows]

    async def tell(self, teller: Teller) -> None:
        while await teller.tell():
            pass

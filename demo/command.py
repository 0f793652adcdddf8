"""The command `notify demo`: a storm, from the town's list of residents to the all-clear."""

import json
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from channels.vapid import make_vapid_key, public_key
from demo import canvass, ledger, poll, report, town, words
from demo.compare import Difference, compare
from demo.service import DemoFailed, Service, free_port
from demo.town import Person
from notify import log
from notify.embedded.servers import Embedded
from sandbox.client import SandboxProcess

SEED = 2026
TEXTS = {"alert": words.STORM, "all-clear": words.ALL_CLEAR}
VOTE = "vote"
NOT_ANSWERED = {"asked": 0, "answered": 0, "agrees": False}
PATIENCE = 120.0  # seconds for one broadcast to come to rest


def demo(
    residents: Annotated[int, typer.Option(min=10, max=100_000, help="How many people.")] = 5_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures for a program.")] = False,
    plant: Annotated[
        str | None,
        typer.Option(help="lose, double or vote: let the world betray us; must be found."),
    ] = None,
) -> None:
    """Warn a made-up town over three real protocols, account for every delivery, and ask it."""
    if plant not in {None, "lose", "double", VOTE}:
        raise typer.BadParameter("write lose, double or vote")
    log.configure(level="WARNING")  # to standard error: what is printed is for a program
    console = Console(stderr=as_json)
    try:
        result = _run(residents, console=console, plant=plant)
    except DemoFailed as problem:
        console.print(f"[red]The demo failed:[/red] {problem}")
        raise typer.Exit(1) from None
    if as_json:
        sys.stdout.write(json.dumps(result) + "\n")
    if not (result["books_agree"] and result["poll"]["agrees"]):
        raise typer.Exit(1)


def _run(count: int, *, console: Console, plant: str | None) -> dict[str, Any]:
    began = time.monotonic()
    with _world(console) as (sandbox, service, folder, database_url, vapid):
        rules = [*town.RULES]
        if plant in {"lose", "double"}:
            share = max(0.01, min(1.0, 10 / count))  # of a small town more, so that it is hit
            rules = [{"channel": c, "share": share, "do": plant} for c in ledger.CHANNELS] + rules
        sandbox.rules(rules)
        people = _settle_town(count, sandbox, service, folder, vapid=vapid, console=console)
        asked: dict[str, datetime] = {}
        ids: dict[str, str] = {}
        for name in TEXTS:
            asked[name] = datetime.now(UTC)
            ids[name] = _send(service, name, follows=ids.get("alert"))
            report.watch(
                lambda: service.get(f"/api/v1/broadcasts/{ids[name]}"),  # noqa: B023 - used here
                title=name, console=console, patience=PATIENCE,
            )  # fmt: skip
        accounts = {name: ledger.read(database_url, ids[name]) for name in TEXTS}
        figures = {
            name: {c: account.figures(c, asked_at=asked[name]) for c in ledger.CHANNELS}
            for name, account in accounts.items()
        }
        for name, of_channels in figures.items():
            report.show(console, name, of_channels)
        asks = canvass.ask(service, console, patience=PATIENCE)
        accounts |= {name: ledger.read(database_url, id_) for name, id_ in asks.items()}
        problem = _difference(sandbox, accounts)
        if problem is None:
            console.print("[green]The books of the world outside and the database agree.[/green]")
            polled = canvass.answer(
                service, sandbox, asks, people=people, database_url=database_url, seed=SEED,
                tampered=plant == VOTE, console=console,
            )  # fmt: skip
        else:
            console.print(f"[red]The books disagree:[/red] {problem} Nobody is let answer.")
            polled = NOT_ANSWERED
    console.print(f"{time.monotonic() - began:.0f} s in all.")
    return {
        "channels": figures["alert"],
        "all_clear": {"channels": figures["all-clear"]},
        "residents": count,
        "books_agree": problem is None,
        "difference": problem,
        "poll": polled,
    }


def _difference(sandbox: SandboxProcess, accounts: dict[str, ledger.Account]) -> str | None:
    try:
        compare(sandbox, accounts, TEXTS | poll.TEXTS)
    except Difference as problem:
        return str(problem)
    return None


@contextmanager
def _world(
    console: Console,
) -> Iterator[tuple[SandboxProcess, Service, Path, str, str]]:
    """Servers, the world outside and the service, all on this machine and gone afterwards."""
    bounces = f"127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        with console.status("Starting PostgreSQL, Redis, the world outside and the service …"):
            folder = Path(
                stack.enter_context(
                    tempfile.TemporaryDirectory(prefix="notify-demo-", ignore_cleanup_errors=True)
                )
            )
            servers = stack.enter_context(Embedded(folder / "data", throwaway=True))
            sandbox = stack.enter_context(
                SandboxProcess("--bounce-to", bounces, "--seed", str(SEED))
            )
            vapid = make_vapid_key()
            settings = _settings(servers, sandbox, folder, bounces=bounces, vapid=vapid)
            service = Service(settings, folder=folder)
            service.run("migrate")
            stack.enter_context(service)
        yield sandbox, service, folder, servers.database_url, vapid


def _settings(
    servers: Embedded, sandbox: SandboxProcess, folder: Path, *, bounces: str, vapid: str
) -> dict[str, str]:
    """What an operator would write into the environment."""
    port = free_port()
    settings = {
        "NOTIFY_DATABASE_URL": servers.database_url,
        "NOTIFY_REDIS_URL": servers.redis_url or "",
        "NOTIFY_DATA_DIR": str(folder / "service"),
        "NOTIFY_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "NOTIFY_HTTP_PORT": str(port),
        "NOTIFY_SECRET_KEYS": secrets.token_urlsafe(32),
        "NOTIFY_TOWN": "Musterstadt",
        "NOTIFY_MAIL_FROM": "warnung@musterstadt.example",
        "NOTIFY_SMTP_URLS": sandbox.smtp_url,
        "NOTIFY_BOUNCE_LISTEN": bounces,
        "NOTIFY_TWILIO_ACCOUNT_SID": sandbox.account_sid,
        "NOTIFY_TWILIO_AUTH_TOKEN": sandbox.auth_token,
        "NOTIFY_TWILIO_SENDERS": "+4915735990000@400",
        "NOTIFY_TWILIO_API_URL": sandbox.twilio_url,
        "NOTIFY_SMS_DAILY_BUDGET": "100000",  # a day of talk within seconds
        "NOTIFY_VAPID_PRIVATE_KEY": vapid,
        "NOTIFY_PUSH_HOSTS": sandbox.push_url,
    }
    return {name: value for name, value in settings.items() if value}


def _settle_town(
    count: int,
    sandbox: SandboxProcess,
    service: Service,
    folder: Path,
    *,
    vapid: str,
    console: Console,
) -> list[Person]:
    """Groups, residents from the town's list, and those with browsers through the API."""
    people = town.make_up(count, seed=SEED)
    service.sign_in(service.run("key", "create", "demo", "--alerts"))
    for slug, name, parent in town.GROUPS:
        service.post("/api/v1/groups", {"slug": slug, "name": {"de": name}, "parent": parent})
    listed = [person for person in people if not person.browsers]
    sheet = folder / "residents.csv"
    town.write_csv(sheet, listed)
    consent = ("--consent", "Anmeldebögen 2026")
    with console.status(f"Importing {len(listed)} residents …"):
        service.run("residents", "import", str(sheet), *consent)
        service.run("residents", "import", str(sheet), *consent, "--apply")
    online = [person for person in people if person.browsers]
    browsers = sandbox.browsers(
        sum(person.browsers for person in online), application_key=public_key(vapid)
    )
    gone: list[str] = []
    bodies = [_signed_up(person, browsers, gone) for person in online]
    with (
        console.status(f"Signing up {len(online)} residents with browsers …"),
        ThreadPoolExecutor(8) as pool,
    ):
        list(pool.map(lambda body: service.post("/api/v1/residents", body), bodies))
    sandbox.gone(gone)
    return people


def _signed_up(person: Person, browsers: list[dict[str, Any]], gone: list[str]) -> dict[str, Any]:
    addresses: list[dict[str, Any]] = [
        {"channel": channel, "value": value}
        for channel, value in (("email", person.email), ("sms", person.phone))
        if value
    ]
    mine = [browsers.pop() for _ in range(person.browsers)]
    addresses += [{"channel": "push", "value": browser} for browser in mine]
    if person.gone:
        gone.extend(browser["endpoint"] for browser in mine)
    every = [channel for channel in ("email", "sms", "push")
             if any(a["channel"] == channel for a in addresses)]  # fmt: skip
    return {
        "name": person.name,
        "language": person.language,
        "addresses": addresses,
        "subscriptions": [
            {"group": slug, "alerts": every, "news": ["email"]} for slug in person.groups
        ],
        "consent": "signed up at the town hall",
    }


def _send(service: Service, name: str, *, follows: str | None) -> str:
    body: dict[str, Any] = {
        "kind": "alert",
        "groups": ["musterstadt"],
        "severity": "severe",
        "texts": TEXTS[name],
        "valid_until": (datetime.now(UTC) + timedelta(hours=6)).isoformat(),
    }
    if follows is not None:
        body["in_reply_to"] = {"id": follows, "relation": "all_clear"}
    made = service.post("/api/v1/broadcasts", body, Idempotency_Key=secrets.token_hex(8))
    return str(made["id"])

"""What machines ask: alive, ready, and the figures."""

from collections.abc import Mapping
from itertools import product

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)

from notify.domain.alarms import Level
from notify.domain.words import Channel, Lane
from notify.services import inbound, noticing, watching
from notify.services.watching import Health, Totals
from notify.store.database import AWAY, Row
from notify.web.deps import TheApp

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    """This process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def readyz(app: TheApp) -> Response:
    """The database answers and every lane has a worker seen lately. Redis is only a warning:
    without it everything still leaves, a moment later."""
    try:
        health = await watching.health(app.db)
        raised = await noticing.in_force(app.db)
    except Exception as problem:  # noqa: BLE001 - whatever it is, we are not ready
        return JSONResponse(
            {"status": "not ready", "database": type(problem).__name__}, status_code=503
        )
    missing = [str(lane) for lane in Lane if not health.lanes.get(lane)]
    stopped = [row["name"] for row in health.senders if row["stopped_at"] is not None]
    warnings = [] if await app.bell.alive() else ["redis does not answer"]
    warnings += [f"sender {name} is stopped" for name in stopped]
    warnings += [
        f"sender {row['name']} is down ({row['down_reason']})"
        for row in health.senders
        if row["state"] in {"down", "probing"}
    ]
    warnings += [f"alarm {row['key']}" for row in raised if row["level"] == Level.ALARM]
    body = {
        "status": "not ready" if missing else "ready",
        "database": "ok",
        "workers": dict(health.lanes),
        "missing": missing,
        "warnings": warnings,
    }
    return JSONResponse(body, status_code=503 if missing else 200)


@router.get("/metrics")
async def metrics(app: TheApp) -> Response:
    """Figures of this process, and what the database knows of the whole service. While the
    database is away `notify_database_up` is 0 and the shared figures are missing."""
    shared = CollectorRegistry()
    up = Gauge("notify_database_up", "1 while the database answers", registry=shared)
    try:
        _fill(shared, await watching.health(app.db), await watching.totals(app.db))
        _fill_inbound(shared, await inbound.counts(app.db))
        _fill_alarms(shared, await noticing.in_force(app.db))
        up.set(1)
    except AWAY:
        up.set(0)
    return Response(generate_latest() + generate_latest(shared), media_type=CONTENT_TYPE_LATEST)


def _fill_alarms(registry: CollectorRegistry, raised: list[Row]) -> None:
    alarms = Gauge("notify_alarms", "1 while an alarm or a warning is in force", ["key", "level"],
                   registry=registry)  # fmt: skip
    for row in raised:
        alarms.labels(row["key"], row["level"]).set(1)


def _fill(registry: CollectorRegistry, health: Health, totals: Totals) -> None:
    age = Gauge(
        "notify_queue_age_seconds", "Wait of the oldest due delivery", ["lane", "channel"],
        registry=registry,
    )  # fmt: skip
    for lane, medium in product(Lane, Channel):
        age.labels(str(lane), str(medium)).set(0)
    for row in health.queue:
        age.labels(row["lane"], row["channel"]).set(row["age"])
    seen = Gauge("notify_workers", "Workers seen lately", ["lane"], registry=registry)
    for lane in Lane:
        seen.labels(str(lane)).set(health.lanes.get(lane, 0))
    stopped = Gauge("notify_sender_stopped", "1 while a sender waits for a person",
                    ["channel", "sender"], registry=registry)  # fmt: skip
    for row in health.senders:
        stopped.labels(row["channel"], row["name"]).set(row["stopped_at"] is not None)
    _fill_senders(registry, health)
    deliveries = Gauge("notify_deliveries", "Deliveries of broadcasts by status",
                       ["channel", "status"], registry=registry)  # fmt: skip
    for (channel, status), n in totals.outcomes.items():
        deliveries.labels(channel, status).set(n)
    handed_over = Gauge("notify_handovers", "Deliveries handed over to providers", ["channel"],
                        registry=registry)  # fmt: skip
    for channel, n in totals.handed_over.items():
        handed_over.labels(channel).set(n)


def _fill_senders(registry: CollectorRegistry, health: Health) -> None:
    labels = ["channel", "sender"]
    down = Gauge("notify_sender_down_seconds", "Since when a sender does not work, 0 where it does",
                 labels, registry=registry)  # fmt: skip
    failures = Gauge("notify_sender_failures", "Times it was tried in vain since it last worked",
                     labels, registry=registry)  # fmt: skip
    rate = Gauge("notify_sender_rate", "Units a second it may be given, absent without a limit",
                 labels, registry=registry)  # fmt: skip
    backlog = Gauge("notify_sender_backlog_seconds", "Seconds of work that lie ahead of a sender",
                    labels, registry=registry)  # fmt: skip
    for row in health.senders:
        of = (row["channel"], row["name"])
        down.labels(*of).set(row["down_for"])
        failures.labels(*of).set(row["failures"])
        if row["rate"] is not None:
            rate.labels(*of).set(row["rate"])
            backlog.labels(*of).set(row["backlog"])


def _fill_inbound(registry: CollectorRegistry, counts: Mapping[str, int]) -> None:
    taken = Counter("notify_inbound", "Texts of residents taken in", ["how"], registry=registry)
    for how, n in counts.items():
        taken.labels(how).inc(n)

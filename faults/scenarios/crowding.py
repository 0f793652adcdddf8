"""Much at once: alerts and codes overtake an announcement to everybody, and two share fairly."""

from faults.scenario import Scenario
from faults.stage import Stage
from notify.domain.words import Lane

FIRST, MOST = 0.3, 10.0  # seconds, promised for the first hand-over and for 95 % of them
WORST = 60.0  # beyond it nothing was overtaken, however slow the machine is
ALERT = 10_000
MANY = 20_000  # mails, that need their while by themselves
SLOW = {"channel": "email", "do": "slow", "seconds": 1}
IN_HAND = 1_000  # of the earlier one, claimed before the later one was there
FAIR = 0.5  # the later one gets at least so much of what the earlier one gets


def overtake(stage: Stage) -> None:
    """An announcement to `recipients` is on its way by mail. Then an alert to another town, and
    somebody who asks for her code."""
    stage.people(channels=("email",))
    village = _village(stage, min(ALERT, stage.recipients // 3))
    if stage.recipients < MANY:  # so few would be through in a moment
        stage.world.box.rules([{**SLOW, "address": f"*@{stage.world.town}.example"}])
    for lane in Lane:  # a process each, as `notify up` has them
        stage.hand("worker", "--lane", lane)
    news = stage.send("announcement")
    stage.until_taken(stage.recipients / 100)
    stage.others.add(_asks_for_code(stage, village))
    alert = stage.send(groups=[village])
    most, first = stage.until_handed_over(alert), stage.until_begun(alert)
    stage.until(lambda: _code_after(stage))
    took = {"first_s": first, "p95_s": most, "code_s": _code_after(stage) or 0.0}
    stage.figures |= {name: round(seconds, 2) for name, seconds in took.items()}
    under_way = stage.look(news)["progress"]["email"]["pending"]
    stage.figures["still_pending"] = under_way
    stage.figures["promise"] = "kept" if first <= FIRST and most <= MOST else "missed"
    stage.expect("the announcement was still on its way", under_way)
    stage.expect("an alert overtakes it", most < WORST)
    stage.ask("POST", f"/api/v1/broadcasts/{news}/cancel", {})
    stage.ends += ("cancelled",)
    stage.mended()


def _village(stage: Stage, count: int) -> str:
    """Another town with so many readers of mail."""
    slug = f"{stage.world.town}-village"
    stage.ask("POST", "/api/v1/groups", {"slug": slug, "name": {"de": slug}})
    stage.people(count, town=slug, channels=("email",))
    return slug


def _asks_for_code(stage: Stage, village: str) -> str:
    """Somebody new; her address must be confirmed first, by a note."""
    mail = f"new@{stage.world.town}.example"
    body = {
        "language": "de",
        "addresses": [{"channel": "email", "value": mail}],
        "subscriptions": [{"group": village, "alerts": ["email"], "news": ["email"]}],
    }
    stage.ask("POST", "/api/v1/residents", body)
    return mail


def _code_after(stage: Stage) -> float | None:
    """Seconds from the address to the hand-over of its note."""
    rows = stage.world.rows(
        "SELECT extract(epoch FROM d.handed_over_at - a.created_at)::float AS took"
        " FROM addresses a JOIN deliveries d ON d.address_id = a.id AND d.lane = 'note'"
        " WHERE a.value = ANY(%(others)s)",
        others=list(stage.others),
    )
    return rows[0]["took"] if rows else None


def fair(stage: Stage) -> None:
    """The bigger one comes first, and must not keep the other one waiting."""
    stage.people(channels=("email",))
    small = stage.recipients // 2
    village = _village(stage, small)
    stage.worker()
    big_one = stage.send("announcement")
    stage.until_taken(1)
    small_one = stage.send("announcement", groups=[village])
    stage.until(lambda: _handed_over(stage, small_one))  # planned and begun, however busy it is
    before = _handed_over(stage, big_one)
    stage.until(lambda: _handed_over(stage, small_one) >= small / 2)
    big, little = _handed_over(stage, big_one) - before, _handed_over(stage, small_one)
    stage.figures |= {"big": big, "small": little}
    stage.expect("both go on together", little >= FAIR * (big - IN_HAND))


def _handed_over(stage: Stage, broadcast_id: str) -> int:
    progress = stage.look(broadcast_id)["progress"].get("email", {})
    return sum(n for status, n in progress.items() if status in {"sent", "delivered"})


SCENARIOS = [
    Scenario("alert and code overtake", overtake, short=1_000, long=1_000_000),
    Scenario("two announcements share", fair, short=3_000, long=20_000),
]

"""How the world misbehaves: rules by address, by share and by rate; the first that fits wins.

A rule is JSON: {"match": {"channel": "email", "address": "*@bad.example", "share": 0.02},
"do": "refuse", "at": "rcpt", "code": 550, "text": "5.1.1 no such user"}. `address` is exact or
a glob; `share` picks the same addresses every time for the same seed. `first` lets a rule act
on the first so many tries of an address only; `per_second` alone throttles what comes faster.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

Channel = Literal["email", "sms", "push"]
Moment = Literal["connect", "mail", "rcpt", "ready", "data"]

_PLANTED = {
    "lose": "say yes and keep no record: a comparison of books must turn red",
    "double": "say yes once and record twice: a comparison of books must turn red",
}

BEHAVIOURS: dict[str, dict[str, str]] = {
    "email": {
        "refuse": "answer `code` and `text` (550 5.1.1) at `at`",
        "close": "answer 421 at `at` and close",
        "greylist": "451 for the first try of an address, or its `first` tries",
        "throttle": "451; with `per_second` only what comes faster",
        "drop": "take the mail, close without an answer",
        "hang": "be silent for `seconds` (30) at `at`, then close; not taken",
        "slow": "be silent for `seconds` (1) at `at`, then go on as usual",
        "bounce": "take it, then send a report of this `kind` after `seconds`; `how`: twice",
        "strip_starttls": "offer no STARTTLS to anybody",
        **_PLANTED,
    },
    "sms": {
        "refuse": "answer Twilio's error `code` (21211) with `status` (400)",
        "throttle": "429, with Retry-After if `retry_after`; `per_second` as above",
        "fail_before": "`status` (500), not taken",
        "fail_after": "`status` (500), taken all the same",
        "silent": "take it and never answer: close after `seconds` (60)",
        "hang": "never answer and not take it: close after `seconds` (60)",
        "slow": "take it after `seconds` (1)",
        "undelivered": "end as undelivered with `code` (30005)",
        "failed": "end as failed with `code` (30008)",
        "callbacks": "`how`: none, late (`seconds`, 3), twice, out_of_order, early (before the "
        "answer); `how` also goes with every other rule that takes the text",
        **_PLANTED,
    },
    "push": {
        "refuse": "answer `status` (410), with Retry-After if `retry_after`",
        "throttle": "`status` (429), with Retry-After if `retry_after`; `per_second` as above",
        "redirect": "answer `status` (307) and send elsewhere",
        "hang": "never answer and not take it: close after `seconds` (60)",
        "slow": "take it after `seconds` (1)",
        "stream": "answer `status` (500; below 300 the message is taken) with a body without end",
        "drop": "take it, close without an answer",
        "hide": "take it and never show it",
        "offline": "hold it until the browser is online again; a topic replaces",
        "beacon": "`how`: none, late (`seconds`, 3), twice",
        **_PLANTED,
    },
}

_AFTER_DATA = frozenset({"bounce", "drop", "lose", "double"})
_MAX_TRIES_KEPT = 1_000_000


class Match(BaseModel):
    """Which messages a rule is about."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Channel
    address: str = "*"
    share: float = Field(1.0, ge=0.0, le=1.0)


class Rule(BaseModel):
    """One way to misbehave, and for whom.

    `at` is the moment in an SMTP session: for `connect` the address is the peer's IP, for
    `mail` the envelope sender, else the recipient; `ready` answers the command DATA, `data`
    the mail itself. `seconds` is how long to wait, `code` what
    to answer (SMTP, Twilio) or to report, `status` an HTTP status, `text` words for people
    (for a bounce, its enhanced status), `how` the way callbacks, beacons and bounces go wrong.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: Match
    do: str = "throttle"
    at: Moment | None = None
    first: int | None = Field(None, ge=1)
    per_second: float | None = Field(None, gt=0)
    seconds: float | None = Field(None, ge=0, le=3_600)
    code: int | None = None
    status: int | None = Field(None, ge=200, le=599)
    text: str | None = None
    retry_after: str | int | None = None
    kind: Literal["hard", "soft", "delayed", "complaint"] = "hard"
    how: Literal["none", "late", "twice", "out_of_order", "early"] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        """Accept {"channel": "sms", …} without a `match` around it."""
        if not isinstance(data, dict) or "match" in data:
            return data
        rest = dict(data)
        rest["match"] = {k: rest.pop(k) for k in ("channel", "address", "share") if k in rest}
        return rest

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.do not in BEHAVIOURS[self.match.channel]:
            known = ", ".join(sorted(BEHAVIOURS[self.match.channel]))
            raise ValueError(f"{self.match.channel} can do: {known}")
        if self.do in {"callbacks", "beacon"} and self.how is None:
            raise ValueError(f"say how the {self.do} go wrong: none, late, twice, …")
        return self

    @property
    def moment(self) -> Moment:
        """When in an SMTP session the rule acts."""
        return self.at or ("data" if self.do in _AFTER_DATA else "rcpt")

    def waits(self, default: float) -> float:
        """Give the rule's seconds, or how long this behaviour takes by itself."""
        return default if self.seconds is None else self.seconds


_RULES = TypeAdapter(list[Rule])


def read_rules(json: str | bytes) -> list[Rule]:
    """Read a JSON list of rules; ValueError says what is wrong with which."""
    return _RULES.validate_json(json)


class Rules:
    """The rules in force, and what they remember (tries of an address, messages a second)."""

    def __init__(
        self,
        rules: Iterable[Rule] = (),
        *,
        seed: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._seed = str(seed).encode()
        self._clock = clock
        self._by_channel: dict[str, list[_Armed]] = {}
        self.replace(rules)

    def replace(self, rules: Iterable[Rule]) -> None:
        """Put other rules in force; what the old ones remembered is forgotten."""
        by_channel: dict[str, list[_Armed]] = {}
        for rule in rules:
            by_channel.setdefault(rule.match.channel, []).append(_Armed(rule, self._clock))
        self._by_channel = by_channel

    def find(self, channel: Channel, address: str, at: Moment | None = None) -> Rule | None:
        """Give the first rule for this message, if any; counts as one try of the address."""
        for armed in self._by_channel.get(channel, ()):
            rule = armed.rule
            if at is not None and rule.moment != at:
                continue
            if self._fits(rule.match, address) and armed.acts(address):
                return rule
        return None

    def any(self, channel: Channel, do: str) -> bool:
        """Say whether some rule of a channel does this, whoever it is about."""
        return any(armed.rule.do == do for armed in self._by_channel.get(channel, ()))

    def _fits(self, match: Match, address: str) -> bool:
        if match.address not in {"*", address} and not fnmatchcase(address, match.address):
            return False
        return match.share >= 1.0 or self._draw(address) < match.share

    def _draw(self, address: str) -> float:
        digest = blake2b(address.encode(), key=self._seed, digest_size=8).digest()
        return float(int.from_bytes(digest, "big")) / 2.0**64


class _Armed:
    """A rule with its memory."""

    def __init__(self, rule: Rule, clock: Callable[[], float]) -> None:
        self.rule = rule
        self._clock = clock
        self._tries: Counter[str] = Counter()
        self._tokens = max(rule.per_second or 0.0, 1.0)
        self._at = clock()

    def acts(self, address: str) -> bool:
        rule = self.rule
        if rule.first is not None or rule.do == "greylist":
            return self._early(address, rule.first or 1)
        return rule.per_second is None or self._too_fast(rule.per_second)

    def _early(self, address: str, first: int) -> bool:
        if len(self._tries) >= _MAX_TRIES_KEPT and address not in self._tries:
            return False
        self._tries[address] += 1
        return self._tries[address] <= first

    def _too_fast(self, rate: float) -> bool:
        now = self._clock()
        self._tokens = min(self._tokens + (now - self._at) * rate, max(rate, 1.0))
        self._at = now
        if self._tokens < 1.0:
            return True
        self._tokens -= 1.0
        return False

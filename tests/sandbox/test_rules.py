"""Rules fit by address, by share, by tries and by rate; the first that fits wins."""

import json
from typing import Any

import pytest

from sandbox.rules import Rule, Rules, read_rules


def rule(do: str, channel: str = "sms", **more: Any) -> Rule:
    match = {key: more.pop(key) for key in ("address", "share") if key in more}
    return Rule.model_validate({"match": {"channel": channel, **match}, "do": do, **more})


@pytest.mark.parametrize(
    ("pattern", "address", "fits"),
    [
        pytest.param("*", "+491", True, id="everybody"),
        pytest.param("a@x.example", "a@x.example", True, id="exact"),
        pytest.param("*@x.example", "a@x.example", True, id="glob"),
        pytest.param("*@x.example", "a@y.example", False, id="other domain"),
        pytest.param("A@x.example", "a@x.example", False, id="case counts"),
    ],
)
def test_a_rule_fits_by_address(pattern: str, address: str, fits: bool) -> None:
    rules = Rules([rule("lose", address=pattern)])

    found = rules.find("sms", address)

    assert (found is not None) is fits


def test_the_first_rule_that_fits_wins() -> None:
    rules = Rules([rule("lose", address="+491*"), rule("double")])

    assert [each.do for to in ("+4915", "+4315") if (each := rules.find("sms", to))] == [
        "lose",
        "double",
    ]


def test_a_share_picks_the_same_addresses_for_the_same_seed() -> None:
    addresses = [f"+49151{number:07d}" for number in range(2_000)]

    def picked(seed: int) -> list[str]:
        rules = Rules([rule("lose", share=0.1)], seed=seed)
        return [address for address in addresses if rules.find("sms", address)]

    assert picked(1) == picked(1)
    assert picked(1) != picked(2)
    assert 120 < len(picked(1)) < 280


def test_a_rule_for_the_first_tries_leaves_later_ones_alone() -> None:
    rules = Rules([rule("refuse", first=2)])

    found = [rules.find("sms", "+491") is not None for _ in range(3)]
    other = rules.find("sms", "+492")

    assert found == [True, True, False]
    assert other is not None


def test_a_rate_throttles_only_what_is_too_fast() -> None:
    now = 0.0
    rules = Rules([rule("throttle", per_second=2)], clock=lambda: now)

    burst = [rules.find("sms", "+491") is not None for _ in range(3)]
    now = 0.5
    later = [rules.find("sms", "+491") is not None for _ in range(2)]

    assert burst == [False, False, True]
    assert later == [False, True]


def test_a_rule_may_be_written_short() -> None:
    rules = read_rules('[{"channel": "sms", "per_second": 10}]')

    assert (rules[0].match.channel, rules[0].do, rules[0].per_second) == ("sms", "throttle", 10)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        pytest.param({"channel": "fax"}, "channel", id="unknown channel"),
        pytest.param({"channel": "sms", "do": "stream"}, "sms can do", id="not of this channel"),
        pytest.param({"channel": "sms", "do": "callbacks"}, "how", id="callbacks without how"),
        pytest.param({"channel": "sms", "do": "lose", "sharee": 1}, "sharee", id="misspelt"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(value: dict[str, Any], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        read_rules(json.dumps([value]))

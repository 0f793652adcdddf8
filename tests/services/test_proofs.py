"""What staff prove who they are with: made of chance, and of enough of it."""

import random
import string

import pytest

from notify.domain.passwords import LONGEST, judge_password
from notify.errors import Invalid
from notify.services import proofs

BASE_32 = {*string.ascii_lowercase, *"234567"}  # five bits a sign


def test_a_recovery_code_holds_more_than_112_bits() -> None:
    made = proofs.new_recovery_codes()

    signs = [code.replace("-", "") for code in made]
    assert len(set(signs)) == proofs.RECOVERY_CODES
    assert all({*code} <= BASE_32 and len(code) * 5 == 120 for code in signs)


def test_the_secret_of_a_second_factor_holds_160_bits() -> None:
    assert len(proofs.new_secret()) * 5 == 160


def test_they_are_not_of_the_chance_that_can_be_foretold() -> None:
    made = []
    for _ in range(2):
        random.seed(1)
        made.append({proofs.new_secret(), *proofs.new_recovery_codes()})

    assert not made[0] & made[1]


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("sandkuchenturbinemoosgrün", id="small letters alone"),
        pytest.param("SANDKUCHENTURBINEMOOS", id="capitals alone"),
        pytest.param("83650274961805273946", id="digits alone"),
        pytest.param("§)%&=/?!~*<_^;:", id="signs alone"),
        pytest.param("Kuchen mit Turbine und Moos", id="spaces"),
        pytest.param("ключ гора лампа снег", id="another script"),
        pytest.param("🍰🌀🌿🪜🧭🪁🫖🧦🪵🛶🪙🧲", id="pictures"),
    ],
)
def test_a_password_may_be_of_any_signs(password: str) -> None:
    assert judge_password(password) == password


def test_a_password_may_be_long_and_is_refused_before_it_costs_anything() -> None:
    long = "".join(random.choice(string.ascii_letters) for _ in range(LONGEST))
    assert judge_password(long) == long
    with pytest.raises(Invalid):
        judge_password(long + "x")

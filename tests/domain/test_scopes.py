"""What a key may do unless told otherwise."""

from notify.domain.scopes import ORDINARY, Scope


def test_an_ordinary_key_may_do_all_but_set_off_an_alert() -> None:
    assert set(Scope) - set(ORDINARY) == {Scope.ALERTS_SEND}

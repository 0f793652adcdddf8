"""What a key may do unless told otherwise."""

from notify.domain.scopes import IN_THE_PAGE, ORDINARY, Scope


def test_an_ordinary_key_may_do_all_but_set_off_an_alert() -> None:
    assert set(Scope) - set(ORDINARY) == {Scope.ALERTS_SEND}


def test_a_key_of_the_page_neither_sends_warnings_nor_shows_addresses() -> None:
    assert set(Scope) - set(IN_THE_PAGE) == {Scope.ALERTS_SEND, Scope.RESIDENTS_READ}

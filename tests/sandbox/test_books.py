"""Books number what they take, give it page by page, and stay bounded."""

from sandbox.books import Book


def test_records_are_given_page_by_page_with_lasting_numbers() -> None:
    book: Book[str] = Book()
    for word in ("a", "b", "c"):
        book.add(word)

    first = book.page(limit=2)
    second = book.page(after=2, limit=2)

    assert first == [(1, "a"), (2, "b")]
    assert second == [(3, "c")]
    assert book.page(after=3) == []


def test_a_full_book_drops_the_oldest_and_keeps_the_numbers() -> None:
    book: Book[str] = Book(limit=2)
    for word in ("a", "b", "c"):
        book.add(word)

    assert book.page() == [(2, "b"), (3, "c")]
    assert book.page(after=2) == [(3, "c")]
    assert len(book) == 2


def test_contents_are_wanted_for_the_first_records_only() -> None:
    book: Book[str] = Book(contents=1)

    before = book.wants_content
    book.add("a")

    assert before
    assert not book.wants_content


def test_a_cleared_book_starts_again_at_one() -> None:
    book: Book[str] = Book()
    book.add("a")

    book.clear()
    book.add("b")

    assert book.page() == [(1, "b")]

"""What staff write becomes safe HTML and readable text, and nothing of it is lost or run."""

from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from notify.rendering.markup import ATTRIBUTES, SCHEMES, TAGS, to_html, to_line, to_text


@pytest.mark.parametrize(
    ("markdown", "html", "text"),
    [
        pytest.param("**Sturm** ab *18 Uhr*", "<p><strong>Sturm</strong> ab <em>18 Uhr</em></p>", "Sturm ab 18 Uhr", id="emphasis"),
        pytest.param("eins\nzwei", "<p>eins<br>\nzwei</p>", "eins\nzwei", id="line break stays"),
        pytest.param("eins\n\n\n\nzwei", "<p>eins</p>\n<p>zwei</p>", "eins\n\nzwei", id="paragraphs"),
        pytest.param("# Eins\n## Zwei\n### Drei", "<h2>Eins</h2>\n<h2>Zwei</h2>\n<h3>Drei</h3>", "Eins\n\nZwei\n\nDrei", id="headings below the title"),
        pytest.param("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>", "- a\n- b", id="list"),
        pytest.param("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>', "3. a\n4. b", id="numbers go on where they start"),
        pytest.param("> ruhig\n> bleiben", "<blockquote>\n<p>ruhig<br>\nbleiben</p>\n</blockquote>", "> ruhig\n> bleiben", id="quote"),
        pytest.param("a\n\n---\n\nb", "<p>a</p>\n<hr>\n<p>b</p>", "a\n\n---\n\nb", id="rule"),
        pytest.param("a\n---", "<p>a</p>\n<hr>", "a\n\n---", id="a rule below a line makes no heading"),
        pytest.param("[Karte](https://a.example/x?y=1&z=2)", '<p><a href="https://a.example/x?y=1&amp;z=2" rel="noopener noreferrer">Karte</a></p>', "Karte (https://a.example/x?y=1&z=2)", id="link"),
        pytest.param("https://a.example/x", '<p><a href="https://a.example/x" rel="noopener noreferrer">https://a.example/x</a></p>', "https://a.example/x", id="bare link said once"),
        pytest.param("[Rathaus](tel:+495112345)", '<p><a href="tel:+495112345" rel="noopener noreferrer">Rathaus</a></p>', "Rathaus (+495112345)", id="phone"),
        pytest.param("[a@b.example](mailto:a@b.example)", '<p><a href="mailto:a@b.example" rel="noopener noreferrer">a@b.example</a></p>', "a@b.example", id="mail said once"),
        pytest.param("gesperrt.Es regnet", "<p>gesperrt.Es regnet</p>", "gesperrt.Es regnet", id="a missing space is no link"),
        pytest.param("{{ 7*7 }} {% raw %} %s %(x)s {leave} ${x}", "<p>{{ 7*7 }} {% raw %} %s %(x)s {leave} ${x}</p>", "{{ 7*7 }} {% raw %} %s %(x)s {leave} ${x}", id="templates are text"),
        pytest.param("<b>fett</b> & so", "<p>&lt;b&gt;fett&lt;/b&gt; &amp; so</p>", "<b>fett</b> & so", id="html is text"),
        pytest.param("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", "<script>alert(1)</script>", id="a script is text"),
        pytest.param("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>", "[x](javascript:alert(1))", id="an unknown scheme is no link"),
        pytest.param("[x](//evil.example)", "<p>[x](//evil.example)</p>", "[x](//evil.example)", id="a relative address is no link"),
        pytest.param("![Lageplan](https://a.example/b.png)", "<p>Lageplan</p>", "Lageplan", id="an image is its description"),
        pytest.param("    eingerückt", "<p>eingerückt</p>", "eingerückt", id="an indent is no code"),
        pytest.param("`x` ```y```", "<p>`x` ```y```</p>", "`x` ```y```", id="no code"),
        pytest.param("[a]: https://b.example", '<p>[a]: <a href="https://b.example" rel="noopener noreferrer">https://b.example</a></p>', "[a]: https://b.example", id="nothing is swallowed as a reference"),
        pytest.param("a  \nb\t\n", "<p>a<br>\nb</p>", "a\nb", id="no space at the end of a line"),
        pytest.param("a\x07b\x1bc", "<p>abc</p>", "abc", id="control characters vanish"),
        pytest.param("", "", "", id="empty"),
    ],
)  # fmt: skip
def test_markdown_becomes_html_and_text(markdown: str, html: str, text: str) -> None:
    assert to_html(markdown) == html
    assert to_text(markdown) == text


def test_nested_lists_are_indented_in_text() -> None:
    text = to_text("1. Haus\n   - Fenster zu\n   - Strom aus\n2. Hof\n\n   Auto weg")

    assert text == "1. Haus\n   - Fenster zu\n   - Strom aus\n2. Hof\n   Auto weg"


def test_the_beginning_of_a_text_is_shown_without_its_marks() -> None:
    line = to_line("# Sturm\n\nAb **18 Uhr**:\n- Fenster zu\n- [Karte](https://a.example) lesen")

    assert line == "Sturm Ab 18 Uhr: Fenster zu Karte lesen"


class _Seen(HTMLParser):
    """Collects every tag and attribute, as a browser would."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


_PIECES = st.sampled_from(
    ["<script>", "</p>", "<img src=x onerror=y>", "[", "](", ")", "javascript:", "data:", "vbscript:",
     "tel:", "https://a.b", "onclick=", '"', "'", ">", "<", "&", "&#106;", "&lt;", "\\", "!", "`",
     "\n", "\n\n", "    ", "- ", "1. ", "# ", "> ", "*", "_", "\t", "\0", "<a href=", "style=", "//", "x"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=25).map("".join)))
def test_html_never_holds_anything_that_runs(markdown: str) -> None:
    seen = _Seen()
    seen.feed(to_html(markdown))

    for tag, attributes in seen.tags:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set()) | {"rel"}
        if tag == "a":
            assert urlsplit(attributes.get("href") or "https:").scheme in SCHEMES


@given(st.one_of(st.text(), st.lists(_PIECES, max_size=25).map("".join)))
def test_text_has_no_space_at_the_end_of_a_line(markdown: str) -> None:
    text = to_text(markdown)

    assert text == text.strip()
    assert all(line == line.rstrip() for line in text.split("\n"))

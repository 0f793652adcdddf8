"""Turns what staff wrote in Markdown into safe HTML and into readable plain text.

What is understood: paragraphs, line breaks, emphasis, lists, headings, quotes, rules and links.
Everything else (HTML, code, images, templates) comes out as the words that were written.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})
TAGS: Final = frozenset(
    ["p", "br", "strong", "em", "ul", "ol", "li", "a", "h2", "h3", "blockquote", "hr"]
)
"""Nothing that loads, runs, styles or frames."""
ATTRIBUTES: Final = {"a": {"href"}, "ol": {"start"}}
_OFF: Final = ("code", "fence", "backticks", "html_block", "html_inline", "lheading", "reference")
_BREAKS: Final = frozenset({"softbreak", "hardbreak"})
_CONTROLS: Final = {code: None for code in range(32) if chr(code) not in "\n\r\t"} | {127: None}


def to_html(markdown: str) -> str:
    """HTML that may stand in a mail or a page as it is: only TAGS, links only to SCHEMES."""
    tokens = _parsed(markdown)
    html = _parser().renderer.render(tokens, _parser().options, {})
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes=ATTRIBUTES,
        url_schemes=set(SCHEMES),
        url_relative="deny",
        link_rel="noopener noreferrer",
    ).strip()


def to_text(markdown: str) -> str:
    """Plain text for SMS, push and the text part of a mail: links as `text (url)`, lists with
    `- ` or numbers, a blank line between paragraphs, no space at the end of a line."""
    blocks = _blocks(_parsed(markdown))
    lines = "\n\n".join(block for block in blocks if block).splitlines()
    return "\n".join(line.rstrip() for line in lines).strip()


def to_line(markdown: str) -> str:
    """The words alone on one line, for a list that shows how a text begins."""
    inline = (token.children or [] for token in _parsed(markdown) if token.type == "inline")
    lines = ("".join(" " if t.type in _BREAKS else t.content for t in line) for line in inline)
    return " ".join(" ".join(lines).split())


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"breaks": True, "html": False, "linkify": True})
    parser.enable("linkify").disable(list(_OFF))
    if parser.linkify is not None:
        # "gesperrt.Es" is a missing space, not a host in Spain
        parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False})
    parser.validateLink = _allowed  # type: ignore[method-assign]
    return parser


def _allowed(url: str) -> bool:
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    if parts.scheme in {"http", "https"}:
        return bool(parts.netloc)
    return parts.scheme in SCHEMES


def _parsed(markdown: str) -> list[Token]:
    tokens = _parser().parse(markdown.translate(_CONTROLS))
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            # the title of the broadcast is the only h1
            token.tag = "h2" if token.tag in {"h1", "h2"} else "h3"
        if token.children:
            token.children = [_without_image(child) for child in token.children]
    return tokens


def _without_image(token: Token) -> Token:
    """An image becomes its description: messages must say everything without pictures."""
    return Token("text", "", 0, content=token.content) if token.type == "image" else token


def _blocks(tokens: Sequence[Token]) -> list[str]:
    """The plain text of each block on this level; what is nested is indented."""
    blocks: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = _end(tokens, at)
        inside = tokens[at + 1 : end]
        if token.type == "inline":
            blocks.append(_inline(token.children or []))
        elif token.type == "hr":
            blocks.append("---")
        elif token.type in {"bullet_list_open", "ordered_list_open"}:
            blocks.append(_list(token, inside))
        elif token.type == "blockquote_open":
            blocks.append(_indented("\n\n".join(_blocks(inside)), first="> ", rest="> "))
        else:
            blocks.extend(_blocks(inside))
        at = end + 1
    return blocks


def _end(tokens: Sequence[Token], start: int) -> int:
    """Where the block that opens at `start` closes; itself when it is a single token."""
    if tokens[start].nesting != 1:
        return start
    depth = 0
    for at in range(start, len(tokens)):
        depth += tokens[at].nesting
        if depth == 0:
            return at
    return len(tokens)


def _list(opening: Token, inside: Sequence[Token]) -> str:
    number = int(opening.attrGet("start") or 1) if opening.type == "ordered_list_open" else None
    items: list[str] = []
    at = 0
    while at < len(inside):
        end = _end(inside, at)
        sign = "- " if number is None else f"{number + len(items)}. "
        text = "\n".join(_blocks(inside[at + 1 : end]))
        items.append(_indented(text, first=sign, rest=" " * len(sign)))
        at = end + 1
    return "\n".join(items)


def _indented(text: str, *, first: str, rest: str) -> str:
    lines = text.splitlines() or [""]
    return "\n".join([first + lines[0], *(rest + line if line else rest for line in lines[1:])])


def _inline(tokens: Sequence[Token]) -> str:
    pieces: list[str] = []
    link: tuple[str, int] | None = None
    for token in tokens:
        if token.type in _BREAKS:
            pieces.append("\n")
        elif token.type == "link_open":
            link = (str(token.attrGet("href") or ""), len(pieces))
        elif token.type == "link_close" and link is not None:
            url, start = link
            pieces[start:] = [_link("".join(pieces[start:]), url)]
            link = None
        else:
            pieces.append(token.content)
    return "".join(pieces)


def _link(text: str, url: str) -> str:
    bare = url.removeprefix("mailto:").removeprefix("tel:")
    if not text.strip() or text in {url, bare} or url.rstrip("/") == text.rstrip("/"):
        return bare
    return f"{text} ({bare})"

"""What the page of a message shows of the answers to it."""

from collections.abc import Mapping
from typing import Any

from notify.bootstrap import App
from notify.domain.results import Reader, Result, may_see
from notify.rendering import links, results
from notify.rendering.languages import Words


def shown(app: App, words: Words, result: Result | None) -> Mapping[str, Any] | None:
    """For `poll_numbers.html`; None where nothing is asked, or nobody was asked yet. `page` is where
    everybody sees the result, where they do."""
    if result is None:
        return None
    default, asked = app.settings.default_language, result.turnout.asked
    public = may_see(
        result.ask, Reader.ANYBODY, closed=result.closed_at is not None, withdrawn=result.cancelled
    )
    return {
        "result": result,
        "share": round(100 * result.turnout.answered / asked) if asked else 0,
        "sheets": results.sheets(words, result, language=words.language, default=default),
        "ways": [(results.how(words, way), n) for way, n in result.how.items() if n],
        "page": f"/polls/{links.shorten(result.broadcast_id)}" if public else None,
    }

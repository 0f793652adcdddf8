"""How broadcasts, threads and drafts stand in lists of staff, in the language of who reads."""

from collections.abc import Mapping, Sequence
from typing import Any

from notify.bootstrap import App
from notify.rendering.languages import choose
from notify.rendering.markup import to_text
from notify.rendering.templates import templates
from notify.services import overtaking
from notify.services.drafting import Draft
from notify.services.overseeing import Listed
from notify.services.threads import Said
from notify.web.pages.staff.draft_page import saved_line


def entry_of(app: App, listed: Listed, language: str) -> Mapping[str, Any]:
    """A broadcast in a list."""
    default = app.settings.default_language
    tag, text = choose(listed.broadcast.texts, language, default=default)
    return {
        "broadcast": listed.broadcast,
        "text": text,
        "text_language": tag,
        "lead": " ".join(to_text(text.body).split())[:240],
        "groups": [choose(one, language, default=default)[1] for one in listed.group_names if one],
        "row": listed.row,
        "overtaken": overtaking.is_overtaken(listed.row),
        "part": listed.part,
        "held": listed.held,
    }


def thread_lines(app: App, thread: Sequence[Said], language: str) -> Sequence[Mapping[str, Any]]:
    """What was said before and after, where there is more than the one."""
    default, made = app.settings.default_language, []
    for one in thread if len(thread) > 1 else ():
        tag, text = choose(one.broadcast.texts, language, default=default)
        made.append({"said": one, "broadcast": one.broadcast, "title": text.title, "language": tag})
    return made


def draft_lines(app: App, drafts: Sequence[Draft], language: str) -> Sequence[Mapping[str, Any]]:
    """Drafts in a list, each by the first title that was typed, if any."""
    words, made = templates(app.settings).words(language), []
    for draft in drafts:
        titled = {tag: typed for tag, typed in draft.content.texts.items() if typed.title}
        tag, typed = (
            choose(titled, language, default=app.settings.default_language)
            if titled
            else (language, None)
        )
        made.append(
            {
                "draft": draft, "title": typed.title if typed else "", "language": tag,
                "saved": saved_line(words, draft),
            }
        )  # fmt: skip
    return made

"""A broadcast as a page shows it: with the text and the group names that its reader gets."""

from collections.abc import Mapping

from notify.bootstrap import App
from notify.rendering import links
from notify.rendering.languages import choose
from notify.rendering.lines import cut
from notify.rendering.markup import to_line
from notify.services.publishing import Published
from notify.web.pages.place import here

_LEAD = 240  # characters of the body shown in a list


def entry(app: App, published: Published, language: str) -> Mapping[str, object]:
    default = app.settings.default_language
    tag, text = choose(published.broadcast.texts, language, default=default)
    names = [choose(name, language, default=default) for name in published.group_names if name]
    short = links.shorten(published.broadcast.id)
    return {
        "broadcast": published.broadcast,
        "published": published,
        "text": text,
        "text_language": tag,
        "lead": cut(to_line(text.body), size=_LEAD),
        "groups": [name for _, name in names],
        "href": here().kept(f"/b/{short}"),
        "result": here().kept(f"/polls/{short}"),
    }

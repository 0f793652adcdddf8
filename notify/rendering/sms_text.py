"""Makes the text of an SMS and tells what it costs."""

from dataclasses import dataclass, field
from unicodedata import category

from channels import segments
from notify.domain.broadcast import Text
from notify.rendering.lines import one_line
from notify.rendering.markup import to_text


@dataclass(frozen=True, slots=True)
class SmsText:
    """An SMS, what it costs, and which characters were spelled differently to save segments."""

    body: str = field(repr=False)
    segments: int
    replaced: tuple[tuple[str, str], ...]

    @property
    def dear(self) -> str:
        """Signs that let less than half as much fit into one SMS, each once; none where letters of
        its language do so anyway."""
        foreign = dict.fromkeys(char for char in self.body if char not in segments.GSM)
        if any(category(char)[0] == "L" for char in foreign):
            return ""
        return " ".join(char for char in foreign if category(char)[0] in "SP")


def sms_words(text: Text) -> str:
    """What staff wrote for SMS, else title and text, without Markdown and empty lines."""
    said = text.sms or f"{one_line(text.title)}\n{to_text(text.body)}"
    lines = (one_line(line) for line in said.splitlines())
    return "\n".join(line for line in lines if line)


def plain_sms(said: str) -> SmsText:
    """An SMS of these words, in the characters that save segments."""
    friendly = segments.friendly(said)
    return SmsText(friendly.text, segments.measure(friendly.text).segments, friendly.replaced)


def linked_sms(said: str, url: str) -> SmsText:
    """The same with a link last."""
    friendly = segments.friendly(said)
    body = f"{friendly.text}\n{url}"
    return SmsText(body, segments.measure(body).segments, friendly.replaced)

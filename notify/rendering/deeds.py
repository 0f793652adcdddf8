"""What a line of the audit log tells, in plain words, to stand behind the name of who did it.

One table for every deed that is recorded anywhere; a test looks for those left out.
"""

from collections.abc import Mapping
from typing import Final

from notify.rendering.languages import Words


def _(message: str) -> str:
    """Marks a sentence for the catalogues."""
    return message


SAID: Final[Mapping[str, str]] = {
    "answer.reopened": _("put somebody who needs help back on the list"),
    "ballot.entered": _("entered a vote from paper"),
    "answer.settled": _("noted that somebody who needs help was seen to"),
    "answers.exported": _("took the list of who needs help along as a table"),
    "answers.viewed": _("read the list of who needs help"),
    "audit.exported": _("took the audit log along"),
    "audit.verified": _("had the audit log checked"),
    "audit.viewed": _("read the audit log"),
    "broadcast.approved": _("approved a message"),
    "broadcast.broke_glass": _("sent a message alone, without approval"),
    "broadcast.exported": _("took the deliveries of a message along as a table"),
    "broadcast.recalled": _("recalled a message"),
    "broadcast.released": _("let a message go on that was held after a restore"),
    "broadcast.returned": _("returned a message, or took it back"),
    "broadcast.reviewed": _("reviewed a message that one person sent alone"),
    "broadcast.submitted": _("submitted a message"),
    "deliveries.viewed": _("saw the addresses that a message went to"),
    "draft.begun": _("began a draft"),
    "draft.changed": _("changed a draft"),
    "draft.dropped": _("threw a draft away"),
    "draft.tested": _("had a draft sent to themselves as a test"),
    "group.approval": _("said whether news to a group need approval"),
    "group.changed": _("changed a group"),
    "group.drill": _("said whether a group is for drills"),
    "group.made": _("made a group"),
    "group.moved": _("moved a group to another place"),
    "import.applied": _("took residents in from a file"),
    "import.tried": _("tried a file with residents"),
    "inbox.viewed": _("looked into the inbox"),
    "key.ended": _("ended the key of a program"),
    "key.made": _("made a key for a program"),
    "poll.closed": _("closed a poll"),
    "request.approved": _("let somebody into a closed group"),
    "request.refused": _("did not let somebody into a closed group"),
    "requests.viewed": _("saw the names of those who want to join"),
    "resident.codes_sent": _("sent a resident codes that prove an address"),
    "resident.erased": _("erased a resident"),
    "resident.exported": _("took along all that is kept of a resident"),
    "resident.found": _("looked for a resident and found them"),
    "resident.proven": _("confirmed an address with the code that a resident read out"),
    "resident.sought": _("looked for a resident and found nobody"),
    "resident.viewed": _("saw name, addresses or messages of a resident"),
    "result.exported": _("took the result of a poll along"),
    "sender.resumed": _("had a stopped sender used again"),
    "staff.ended": _("closed somebody's account"),
    "staff.enrolled": _("took an invitation and chose password and app"),
    "staff.granted": _("gave somebody a grant"),
    "staff.invited": _("invited somebody"),
    "staff.password_changed": _("changed their password"),
    "staff.recovery_renewed": _("made new recovery codes"),
    "staff.signed_in": _("signed in"),
    "staff.signed_out": _("signed a browser out, or all of somebody's"),
    "staff.withdrawn": _("withdrew a grant"),
    "subscription.ended": _("took a resident out of a group"),
    "suppression.added": _("stopped an address"),
    "suppression.lifted": _("had a stopped address used again"),
    "suppression.sought": _("looked for a stopped address and found none"),
    "suppression.viewed": _("saw why an address is stopped"),
    "template.approved": _("approved a template in advance"),
    "template.retired": _("retired a template"),
    "template.withdrawn": _("withdrew the approval of a template"),
    "template.written": _("wrote a template, or a new version of it"),
    "text.answered": _("answered a text"),
    "text.assigned": _("said who looks after a text"),
    "text.handled": _("was done with a text"),
    "text.viewed": _("read texts of a resident"),
    "votes.exported": _("took along as a table who answered what in a poll"),
    "votes.viewed": _("read who answered what in a poll"),
}


def said(words: Words, deed: str) -> str | None:
    """The words for a deed; None for one of another version."""
    sentence = SAID.get(deed)
    return words.gettext(sentence) if sentence else None

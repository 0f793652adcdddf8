"""Why a message did not get through, in plain words and with what to do about it.

One table for every reason word that channels and the engine use; a test looks for those left out.
"""

from collections.abc import Mapping
from typing import Final

from notify.domain.delivery import DeliveryStatus
from notify.rendering.languages import Words


def _(message: str) -> str:
    """Marks a sentence for the catalogues."""
    return message


SAID: Final[Mapping[str, str]] = {
    # mail and its relays
    "no_such_address": _(
        "This e-mail address does not exist. It will not be used again; ask for a new one."
    ),
    "no_such_domain": _(
        "The mail server found no such domain. Check the address for a slip of the pen."
    ),
    "mailbox_disabled": _(
        "The mailbox takes no mail at present. Ask for another address if it stays so."
    ),
    "mailbox_full": _("The mailbox is full. Its owner has to make room."),
    "greylisted": _(
        "The mail server wants the mail offered again a little later. That happens by itself."
    ),
    "try_later": _("The mail server could not take it just now. It is offered again by itself."),
    "relay_busy": _(
        "The mail server is busy or out of room. It is tried again by itself; look at "
        "the relay if it lasts."
    ),
    "refused_connection": _(
        "The mail relay accepts no connection from us. Ask its operator whether our "
        "address is blocked."
    ),
    "relaying_denied": _(
        "The mail relay does not pass on mails for us. Check its permissions and our login."
    ),
    "tls_failed": _(
        "The mail relay's encryption could not be trusted. Check its certificate and its host name."
    ),
    "tls_required": _(
        "The mail relay offered no encryption. Check its settings, and whether something "
        "in between removes it."
    ),
    "credentials_refused": _(
        "The mail relay refused user name or password. Correct them in the settings, "
        "then resume the sender."
    ),
    "no_way_to_log_in": _(
        "The mail relay offers no way to log in that is known here. Ask its operator."
    ),
    "sender_refused": _(
        "The mail relay refuses our sender address. Allow it there, then resume the sender."
    ),
    "refused_by_policy": _(
        "The receiving side refuses this mail by its own rules. Check SPF, DKIM and block lists."
    ),
    "refused_content": _("The mail server refused the text. Check it for what looks like spam."),
    "not_understood": _("The mail server did not understand us. Look at its log."),
    "needs_smtputf8": _(
        "The mail server cannot handle letters beyond ASCII in an address. Ask for another address."
    ),
    "unsendable": _("No proper mail can be made for this address. Check the address."),
    "garbled_answer": _(
        "The server answered something that makes no sense. Look at its log if it lasts."
    ),
    "connection_lost": _(
        "The connection broke before anything was handed over. It is tried again by itself."
    ),
    "no_answer_after_data": _(
        "The connection broke after the mail was handed over. Nobody knows whether it was taken."
    ),
    "closed": _("The connections were being closed. It is tried again by itself."),
    "gave_up": _("The mail server tried for a long time and gave up. The address stays in use."),
    "marked_as_spam": _("The reader marked it as spam. The address will not be used again."),
    # SMS
    "no_such_number": _(
        "This phone number does not exist. It will not be used again; ask for a new one."
    ),
    "not_a_mobile": _(
        "This number cannot receive SMS. It will not be used again; ask for a mobile number."
    ),
    "opted_out": _(
        "The reader wants no more messages from this sender. For SMS only they can undo "
        "that, by texting START to the sender's number."
    ),
    "unreachable": _(
        "It could not be reached: a phone that is off or without signal, or a server "
        "that is away. An SMS that was taken is not sent again."
    ),
    "unexplained": _(
        "The phone network did not deliver it and says not why. Ask for another way to "
        "reach the person if it happens again."
    ),
    "undelivered": _("The phone network did not deliver it."),
    "partially_delivered": _("Only a part of the SMS arrived so far."),
    "segment_lost": _("A part of the SMS was lost on its way."),
    "carrier_busy": _("The phone network is overloaded."),
    "filtered": _(
        "The phone network took it for spam. Check the text; the sender may have to be registered."
    ),
    "blocked": _("The phone network blocked it. Ask the SMS provider why."),
    "too_expensive": _("It would have cost more than the price limit set at the SMS provider."),
    "region_not_permitted": _(
        "The SMS account may not send to this country. Allow it at the provider if it should."
    ),
    "sender_cannot_reach": _("This sender cannot reach that number. Add another sender for it."),
    "same_as_sender": _("The number is our own sender."),
    "no_recipient": _("The SMS provider found no number in the request. Look at the log."),
    "trial_account": _("The SMS account is a trial and reaches proven numbers only. Upgrade it."),
    "too_long": _("The text is too long for an SMS. Write a shorter one."),
    "broken_text": _("The text holds half a character that cannot be sent."),
    "empty_text": _("There is no text to send."),
    "invalid_validity": _("The SMS provider refused how long the message is valid."),
    "queue_full": _("The SMS provider's queue is full. Lower the sender's rate or add senders."),
    "daily_limit": _(
        "The SMS provider's limit for the day is reached. Ask the provider to raise it."
    ),
    "not_authorised": _(
        "The SMS provider refused our credentials. Correct them in the settings, then "
        "resume the sender."
    ),
    "account_suspended": _(
        "The SMS account is suspended. Clear it up with the provider, then resume the sender."
    ),
    "test_credentials": _(
        "These are test credentials of the SMS provider. Put in the real ones, then "
        "resume the sender."
    ),
    "not_found": _(
        "The SMS provider does not know our account or sender. Check the settings, then "
        "resume the sender."
    ),
    "invalid_sender": _(
        "The SMS provider does not accept this sender. Check the settings, then resume the sender."
    ),
    "invalid_callback_url": _(
        "The SMS provider cannot use our public address. Check NOTIFY_PUBLIC_URL, then "
        "resume the sender."
    ),
    "carrier_limit": _(
        "The phone network allows this sender no more messages. Clear it up with the "
        "provider, then resume the sender."
    ),
    "sender_not_registered": _(
        "The phone network wants this sender registered. Do so with the provider, then "
        "resume the sender."
    ),
    "cancelled": _("The SMS provider cancelled it."),
    "disconnected": _(
        "The connection broke while the SMS was handed over. The provider is asked "
        "whether it has it."
    ),
    "too_slow": _("The provider took too long. It is tried again by itself."),
    "look_up_failed": _(
        "The SMS provider could not be asked whether it has the message. It is asked again."
    ),
    # web push
    "subscription_gone": _("The browser has ended its subscription. It will not be used again."),
    "bad_keys": _("The browser's keys are unusable. It has to subscribe again."),
    "host_not_allowed": _(
        "This push service is not on the list of those allowed. Add it to "
        "NOTIFY_PUSH_HOSTS if it is real."
    ),
    "vapid_refused": _(
        "The push service does not accept our key. If it refuses one browser only, that "
        "one subscribed with another key; else check the key. It is tried again by itself."
    ),
    "service_resting": _(
        "The push service did not answer or asked for a pause. It is tried again by "
        "itself; other push services go on."
    ),
    "service_slow": _(
        "The push service answers slowly. It is tried again by itself; other push services go on."
    ),
    "empty": _("There was nothing to send."),
    # anybody
    "too_big": _("The message is too big. Make it shorter."),
    "refused": _("The provider refused it without saying why. Look at its code."),
    "redirected": _(
        "The provider sent us elsewhere, where we do not go. Check its address in the settings."
    ),
    "throttled": _(
        "The provider wants us to go slower. It is tried again by itself; lower the rate "
        "if it lasts."
    ),
    "provider_error": _("The provider has trouble of its own."),
    "timed_out": _("The provider did not answer in time."),
    "no_answer": _(
        "The provider took the request and did not answer. Nobody knows whether it was taken."
    ),
    "unreadable_answer": _(
        "The provider's answer could not be read. Nobody knows whether it was taken."
    ),
    # ourselves
    "lease_lapsed": _("The worker ended while handing it over. Nobody knows whether it was taken."),
    "internal_error": _("Something went wrong here while handing it over. Look at the log."),
    "cannot_compose": _("The message could not be put together. Look at the log."),
    "stopped": _("The sender is stopped. Mend it, then resume the sender."),
    "expired": _("Its time had passed before it could be delivered."),
    "restored": _(
        "It was on its way when the backup was made that this database was restored from. Nobody "
        "knows whether it was taken since."
    ),
    "sms_cap": _(
        "The SMS budget of the group for this month is used up. It went out by mail and push where "
        "those were chosen; raise the cap to send more."
    ),
    "recalled": _("It was recalled before it left."),
    "left": _("The reader unsubscribed before it left."),
    "gone": _("The address does not exist any more."),
    "bounced": _(
        "Earlier mail to this address came back. It is not used any more; ask for a new one."
    ),
    "complained": _(
        "It arrived, and the reader marked it as spam. The address will not be used again."
    ),
    "suppressed": _("This address must not be used: it bounced, complained or opted out before."),
    "unverified": _("The reader has not confirmed this address yet."),
    "quiet": _(
        "It waits for the end of the hours in which the reader wants no news. Then it leaves by "
        "itself."
    ),
    "no_channel": _("The person has chosen no way to get this kind of message."),
    "channel_off": _("This installation does not send on this channel."),
    "no_address": _("The person has chosen this channel, but has no address for it."),
}


ENDED: Final[Mapping[str, str]] = {
    "quiet": _(
        "Not delivered: its time had passed before the hours ended in which the reader wants no "
        "news."
    ),
    "greylisted": _("Not delivered: the mail server put the mail off again and again."),
    "try_later": _("Not delivered: the mail server could not take it, whenever it was offered."),
    "relay_busy": _(
        "Not delivered: the mail server was busy or out of room all the time. Look at the relay."
    ),
    "connection_lost": _(
        "Not delivered: the connection broke each time before anything was handed over."
    ),
    "closed": _("Not delivered: the connections were being closed."),
    "too_slow": _("Not delivered: the provider took too long each time."),
    "service_resting": _(
        "Not delivered: the push service did not answer or asked for a pause all the time."
    ),
    "service_slow": _("Not delivered: the push service was too slow all the time."),
    "vapid_refused": _(
        "Not delivered: the push service did not accept our key. Check the key, and whether this "
        "browser subscribed with another one."
    ),
    "throttled": _(
        "Not delivered: the provider wanted us to go slower all the time. Lower the rate."
    ),
}
"""Of a delivery that is over: what promises another try is put otherwise."""

_OVER = frozenset(
    {DeliveryStatus.FAILED, DeliveryStatus.EXPIRED, DeliveryStatus.CANCELLED,
     DeliveryStatus.SUPERSEDED}
)  # fmt: skip


def said(words: Words, reason: str | None, status: str | None = None) -> str | None:
    """The sentence for a reason word of a delivery with this status; None where there is no
    reason, or one of another version."""
    sentence = SAID.get(reason or "")
    if status in _OVER:
        sentence = ENDED.get(reason or "", sentence)
    return words.gettext(sentence) if sentence else None

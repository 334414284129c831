"""Slack: blocks through the Web API, renewed in place; or an incoming webhook, which only posts.

https://docs.slack.dev/reference/methods/chat.postMessage
"""

from __future__ import annotations

from typing import Any, Final

from orderwatch.adapters.notifiers.posting import Answer, Poster
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.notifiers.wording import cut, link_of, look_of, one_line
from orderwatch.core.alerting.book import Channel
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import Message, NoticeKind, NotSent, OrderLine, Outcome, Sent

API_URL: Final = "https://slack.com/api"
_MOST_HEADER, _MOST_SECTION, _MOST_FIELD, _MOST_FIELDS = 150, 2_900, 500, 10
_RENEWED: Final = frozenset({NoticeKind.UPDATE, NoticeKind.RESOLVED})
_LATER: Final = frozenset(
    {"ratelimited", "rate_limited", "service_unavailable", "internal_error", "fatal_error",
     "request_timeout", "team_added_to_org"}
)  # fmt: skip
"""Slack answers 200 and says in the body what went wrong; these pass."""
_GONE: Final = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
"""The message to be renewed is not there any more: a new one is posted."""


class Slack:
    """With option `to` a bot's token in `secret` and the Web API; else `secret` is a webhook."""

    def __init__(
        self, poster: Poster, secrets: ChannelSecrets, public_url: str, api_url: str = API_URL
    ) -> None:
        """`api_url` is Slack's, save in tests."""
        self._poster = poster
        self._secrets = secrets
        self._public_url = public_url
        self._api_url = api_url

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        """Post, renew or answer in the thread; raises BadOption or NoSecret."""
        secret = self._secrets.of(parcel.tenant, channel)
        said = blocks_of(parcel.message, self._public_url)
        to = channel.options.get("to")
        if not isinstance(to, str):
            answer = await self._poster.post(secret, said)
            return answer if isinstance(answer, NotSent) else Sent()
        place, _, ts = (parcel.thread or "").partition(":")
        if ts and parcel.message.kind in _RENEWED:
            renewed = await self._call("chat.update", secret, {"channel": place, "ts": ts} | said)
            if not _is_gone(renewed):
                return Sent(parcel.thread) if isinstance(renewed, Answer) else renewed
            ts = ""
        more = {"thread_ts": ts, "reply_broadcast": True} if ts else {}
        document = {"channel": place or to} | said | more
        posted = await self._call("chat.postMessage", secret, document)
        if isinstance(posted, NotSent):
            return posted
        return Sent(f"{posted.member('channel')}:{posted.member('ts')}")

    async def _call(self, method: str, token: str, document: dict[str, Any]) -> Answer | NotSent:
        kind = "application/json; charset=utf-8"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        answer = await self._poster.post(f"{self._api_url}/{method}", document, headers)
        if isinstance(answer, NotSent) or answer.member("ok") is True:
            return answer
        error = one_line(str(answer.member("error") or "no word that it was taken"), 100)
        return NotSent(f"Slack: {error}", retryable=error in _LATER)


def _is_gone(answer: Answer | NotSent) -> bool:
    return isinstance(answer, NotSent) and answer.why.removeprefix("Slack: ") in _GONE


def blocks_of(message: Message, public_url: str) -> dict[str, Any]:
    """The message as blocks beside a bar of its colour; `text` is what a notification shows."""
    look = look_of(message)
    title = one_line(message.title, _MOST_HEADER - 3)
    blocks: list[dict[str, Any]] = [_header(f"{look.shape} {title}"), _section(_body(message))]
    if message.figures:
        fields = [
            _mrkdwn(f"*{_safe(name)}*\n{_safe(value)}", _MOST_FIELD)
            for name, value in message.figures
        ]
        blocks.append({"type": "section", "fields": fields[:_MOST_FIELDS]})
    if message.orders:
        blocks.append(_section(_orders(message)))
    blocks.append(_buttons(message, public_url))
    about = f"{look.word} \N{MIDDLE DOT} team {message.team} \N{MIDDLE DOT} {message.rule}"
    blocks.append({"type": "context", "elements": [_mrkdwn(_safe(about), _MOST_FIELD)]})
    return {
        "text": _safe(f"{look.shape} {look.word}: {title}"),
        "attachments": [{"color": look.colour, "blocks": blocks}],
        "unfurl_links": False,
    }


def _header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text, "emoji": False}}


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _mrkdwn(text, _MOST_SECTION)}


def _mrkdwn(text: str, most: int) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": cut(text, most), "verbatim": True}


def _body(message: Message) -> str:
    text = _safe(message.text.strip()) or _safe(one_line(message.title, _MOST_HEADER))
    return f"{text}\n*In common:* {_safe(message.common)}" if message.common else text


def _orders(message: Message) -> str:
    lines = [f"\N{BULLET} *{_safe(one.order_id)}* {_order(one)}" for one in message.orders]
    if message.more_orders:
        lines.append(f"and {message.more_orders:,} more")
    return "\n".join(lines)


def _order(one: OrderLine) -> str:
    return _safe(f"{one.sentence}, {one.amount} {one.currency}")


def _buttons(message: Message, public_url: str) -> dict[str, Any]:
    buttons = [_button("Open in Orderwatch", link_of(message, public_url))]
    if message.runbook:
        buttons.append(_button("What to do", message.runbook))
    return {"type": "actions", "elements": buttons}


def _button(text: str, url: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, "url": cut(url, 3_000)}


def _safe(text: str) -> str:
    """Text that Slack shows as it stands: no mention, no link, no emphasis of a stranger's."""
    for sign, shown in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, shown)
    return "".join(f"\u200b{c}" if c in "*_~`" else c for c in text)

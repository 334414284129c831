"""Microsoft Teams: an Adaptive Card to the address of a workflow ("Post to a channel when ...").

https://learn.microsoft.com/power-automate/teams/send-a-message-in-teams
"""

from __future__ import annotations

from typing import Any, Final

from orderwatch.adapters.notifiers.posting import Poster
from orderwatch.adapters.notifiers.secrets import ChannelSecrets
from orderwatch.adapters.notifiers.wording import Tone, cut, link_of, look_of, one_line
from orderwatch.core.alerting.book import Channel
from orderwatch.core.alerting.digest import Parcel
from orderwatch.core.alerting.notice import Message, NotSent, OrderLine, Outcome, Sent

_COLOURS: Final[dict[Tone, str]] = {
    "failed": "Attention",
    "overdue": "Warning",
    "waiting": "Default",
    "success": "Good",
}
_MOST_TITLE, _MOST_TEXT, _MOST_LINE, _MOST_FIGURES = 300, 4_000, 300, 10


class Teams:
    """`secret` is the workflow's address: who knows it may post."""

    def __init__(self, poster: Poster, secrets: ChannelSecrets, public_url: str) -> None:
        """Links lead to `public_url`."""
        self._poster = poster
        self._secrets = secrets
        self._public_url = public_url

    async def send(self, channel: Channel, parcel: Parcel) -> Outcome:
        """Post one card; raises NoSecret."""
        url = self._secrets.of(parcel.tenant, channel)
        card = card_of(parcel.message, self._public_url)
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card,
        }
        answer = await self._poster.post(url, {"type": "message", "attachments": [attachment]})
        return answer if isinstance(answer, NotSent) else Sent()


def card_of(message: Message, public_url: str) -> dict[str, Any]:
    """The card. Text runs, unlike text blocks, show Markdown of strangers as it stands."""
    look = look_of(message)
    state = {"color": _COLOURS[look.tone], "weight": "Bolder"}
    title = one_line(message.title, _MOST_TITLE)
    body = [
        _runs([(f"{look.shape} {look.word}", state)]),
        _runs([(title, {"size": "Large", "weight": "Bolder"})]),
    ]
    text = cut(message.text.strip(), _MOST_TEXT)
    body += [_runs([(line, {})]) for line in text.splitlines() if line]
    if message.common:
        body.append(_runs([("In common: ", {"weight": "Bolder"}), (message.common, {})]))
    body += [_figure(name, value) for name, value in message.figures[:_MOST_FIGURES]]
    body += [_runs([(_order(one), {})]) for one in message.orders]
    if message.more_orders:
        body.append(_runs([(f"and {message.more_orders:,} more", {"isSubtle": True})]))
    about = f"Team {message.team}, rule {message.rule}"
    body.append(_runs([(about, {"isSubtle": True, "size": "Small"})]))
    actions = [_open("Open in Orderwatch", link_of(message, public_url))]
    if message.runbook:
        actions.append(_open("What to do", message.runbook))
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": f"{look.word}: {title}",
        "body": body,
        "actions": actions,
        "msteams": {"width": "Full"},
    }


def _runs(runs: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    inlines = [{"type": "TextRun", "text": cut(text, _MOST_LINE)} | style for text, style in runs]
    return {"type": "RichTextBlock", "inlines": inlines}


def _figure(name: str, value: str) -> dict[str, Any]:
    return _runs([(f"{name}: ", {"isSubtle": True}), (value, {"weight": "Bolder"})])


def _order(one: OrderLine) -> str:
    return f"\N{BULLET} {one.order_id}: {one.sentence}, {one.amount} {one.currency}"


def _open(title: str, url: str) -> dict[str, Any]:
    return {"type": "Action.OpenUrl", "title": title, "url": url}

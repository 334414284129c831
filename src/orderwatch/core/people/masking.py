"""Personal data in payloads is masked for who does not need it: values under names that tell so.

A name counts when one of its words does (`customerPhone`, `ship-to_address`); all below it is
masked, and e-mail addresses wherever they stand. Everything else stays byte for byte as received.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from msgspec import Raw, Struct

MASK: Final = "•••"
"""What stands where a value was."""

PERSONAL: Final = frozenset(
    """
    name firstname lastname fullname surname nickname phone telephone tel mobile msisdn fax email
    mail address addr street postcode postal zip zipcode customer buyer recipient receiver consignee
    consumer shopper cardholder payer guest birthday birthdate dob gender passport citizen national
    taxid iban pan cvv latitude longitude lat lng lon signature
    """.split()  # noqa: SIM905 - a list of words is read as a text
)
"""Words that make a name personal."""

NOT_PERSONAL: Final = frozenset(
    """
    product_name item_name sku_name store_name shop_name system_name status_name file_name
    event_name channel_name brand_name category_name promotion_name coupon_name service_name
    carrier_name method_name warehouse_name location_name customer_id customer_group
    customer_group_id customer_type customer_tier address_type ip_address mail_sent
    """.split()  # noqa: SIM905
)
"""Names of things, and names of no person although a word of theirs would say so."""

_DEEPEST: Final = 64
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_EMAIL: Final = re.compile(r"[\w.%+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_OBJECT: Final = msgspec.json.Decoder(dict[str, Raw])
_ARRAY: Final = msgspec.json.Decoder(list[Raw])
_TEXT: Final = msgspec.json.Decoder(str)
_ENCODE: Final = msgspec.json.Encoder().encode
_MASKED: Final = Raw(_ENCODE(MASK))


class Masking(Struct, frozen=True):
    """Which names tell of personal data: words, and whole names that are exempt."""

    personal: frozenset[str] = PERSONAL
    exempt: frozenset[str] = NOT_PERSONAL

    def covers(self, name: str) -> bool:
        """Whether the value under this name is to be masked."""
        words = [word.lower() for word in _WORDS.findall(name)]
        whole = "_".join(words)
        if whole in self.exempt:
            return False
        return whole in self.personal or any(word in self.personal for word in words)


def masking_of(more: Iterable[str] = ()) -> Masking:
    """The usual names and these: `loyalty_no` is personal as well, `-store_contact` is not."""
    names = [name.strip() for name in more if name.strip()]
    added = frozenset(_plain(name) for name in names if not name.startswith("-"))
    taken = frozenset(_plain(name[1:]) for name in names if name.startswith("-"))
    return Masking((PERSONAL | added) - taken, (NOT_PERSONAL | taken) - added)


def _plain(name: str) -> str:
    return "_".join(word.lower() for word in _WORDS.findall(name))


def mask_json(text: Raw, masking: Masking) -> Raw:
    """A JSON text with what is personal in it masked; numbers and other texts stay as written."""
    return _mask(text, masking, hidden=False, depth=0)


def mask_refs(refs: Mapping[str, str], masking: Masking) -> dict[str, str]:
    """References, those under a personal name masked."""
    return {
        name: MASK if masking.covers(name) else mask_text(value) for name, value in refs.items()
    }


def mask_text(text: str) -> str:
    """A free text without the e-mail addresses in it."""
    return _EMAIL.sub(MASK, text) if "@" in text else text


def _mask(text: Raw, masking: Masking, *, hidden: bool, depth: int) -> Raw:
    first = bytes(text).lstrip()[:1]
    if depth > _DEEPEST:
        return _MASKED
    if first == b"{":
        return _mask_object(text, masking, hidden, depth)
    if first == b"[":
        items = [
            _mask(item, masking, hidden=hidden, depth=depth + 1) for item in _ARRAY.decode(text)
        ]
        return Raw(_ENCODE(items))
    if hidden:
        return text if first == b"n" else _MASKED
    return _mask_string(text) if first == b'"' else text


def _mask_object(text: Raw, masking: Masking, hidden: bool, depth: int) -> Raw:
    masked = {
        name: _mask(value, masking, hidden=hidden or masking.covers(name), depth=depth + 1)
        for name, value in _OBJECT.decode(text).items()
    }
    return Raw(_ENCODE(masked))


def _mask_string(text: Raw) -> Raw:
    if b"@" not in bytes(text) and b"\\" not in bytes(text):
        return text
    said = _TEXT.decode(text)
    seen = mask_text(said)
    return text if seen == said else Raw(_ENCODE(seen))

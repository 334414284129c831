"""Standard Webhooks signatures: the published vector, rotation, replays, and the known traps."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from orderwatch.core.ingest.signature import Signed, check_signature
from orderwatch.core.tenants.keys import SigningSecret

SECRET = SigningSecret(base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
OTHER = SigningSecret(b"x" * 32)
BODY = b'{"test": 2432232314}'
AT = datetime.fromtimestamp(1614265330, UTC)
VECTOR = Signed(
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "1614265330",
    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
)


def signed(signature: str, timestamp: str = VECTOR.timestamp, id_: str = VECTOR.id) -> Signed:
    return Signed(id_, timestamp, signature)


def refused_field(*args: object) -> str:
    fault = check_signature(*args)  # type: ignore[arg-type]
    assert fault is not None
    return fault.field


def test_the_published_vector_is_understood() -> None:
    assert check_signature(VECTOR, BODY, [SECRET], AT) is None


def test_a_changed_body_id_or_secret_is_refused() -> None:
    assert refused_field(VECTOR, BODY + b" ", [SECRET], AT) == "webhook-signature"
    assert refused_field(VECTOR, BODY, [OTHER], AT) == "webhook-signature"
    changed = signed(VECTOR.signature, id_="msg_other")
    assert refused_field(changed, BODY, [SECRET], AT) == "webhook-signature"


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_early_or_late_are_forgiven(seconds: int) -> None:
    assert check_signature(VECTOR, BODY, [SECRET], AT + timedelta(seconds=seconds)) is None


@pytest.mark.parametrize("seconds", [-301, 301, 10**9])
def test_old_and_future_messages_are_refused(seconds: int) -> None:
    at = AT + timedelta(seconds=seconds)
    assert refused_field(VECTOR, BODY, [SECRET], at) == "webhook-timestamp"


@pytest.mark.parametrize("text", ["", "now", "-1", "1614265330.5", "1e9", "9" * 40, "١٦", " 1"])
def test_a_timestamp_is_whole_seconds(text: str) -> None:
    assert refused_field(signed(VECTOR.signature, text), BODY, [SECRET], AT) == "webhook-timestamp"


@pytest.mark.parametrize(
    "before",
    ["nocomma ", "v1 ", "v1, ", ", ", "v1,%%% ", "v1,ไทย ", "v1a,abc= ", "v1,AAAA v2,BBBB  "],
)
def test_one_right_entry_among_strange_ones_is_enough(before: str) -> None:
    assert check_signature(signed(before + VECTOR.signature), BODY, [SECRET], AT) is None
    assert refused_field(signed(before), BODY, [SECRET], AT) == "webhook-signature"


def test_only_scheme_v1_counts() -> None:
    asymmetric = signed(VECTOR.signature.replace("v1,", "v1a,"))
    assert refused_field(asymmetric, BODY, [SECRET], AT) == "webhook-signature"


def test_while_secrets_rotate_old_and_new_are_good_until_the_old_one_expires() -> None:
    old = SigningSecret(SECRET.secret, expires_at=AT + timedelta(hours=1))
    assert check_signature(VECTOR, BODY, [OTHER, old], AT) is None
    expired = SigningSecret(SECRET.secret, expires_at=AT)
    assert refused_field(VECTOR, BODY, [OTHER, expired], AT) == "webhook-signature"
    assert refused_field(VECTOR, BODY, [], AT) == "webhook-signature"


def test_a_message_without_id_is_refused() -> None:
    assert refused_field(signed(VECTOR.signature, id_=""), BODY, [SECRET], AT) == "webhook-id"


@pytest.mark.parametrize("body", ["", "{}", "ไทย 🌎", "a.b.c"])
def test_what_the_library_of_the_standard_signs_is_understood(body: str) -> None:
    stranger = Webhook(SECRET.secret)
    made = signed(stranger.sign(VECTOR.id, AT, body))
    assert check_signature(made, body.encode(), [SECRET], AT) is None

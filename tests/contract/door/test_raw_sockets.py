"""Senders whose HTTP is wrong, slow or a lie, before the real server."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import Any

import httpx
from tests.contract.door.conftest import Server
from tests.fakes.events import STRUCTURED, as_json, order_event
from tests.fakes.keys import ALICE

BODY = as_json(order_event())


def talk(server: Server, *parts: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    """Send a request in pieces and read its answer: the status and the document."""
    lines = {
        "Host": "door.test",
        "Content-Type": STRUCTURED,
        "Authorization": f"Bearer {server.place.alice.text}",
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "POST /api/v1/events HTTP/1.1\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        connection.sendall(head.encode("latin-1") + b"\r\n")
        for part in parts:
            connection.sendall(part)
        return answer_of(connection)


def answer_of(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        assert more, received
        received += more
    head, _, body = received.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)
    return int(head.split()[1]), json.loads(body)


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def blamed(answer: dict[str, Any]) -> list[str]:
    return [error["field"] for error in answer["errors"]]


def still_open_for_business(server: Server) -> None:
    """A good neighbour goes through whatever came before."""
    headers = {"Authorization": f"Bearer {server.place.alice.text}", "Content-Type": STRUCTURED}
    answer = httpx.post(server.url, content=as_json(order_event(id="neighbour")), headers=headers)
    assert answer.status_code == 202


def test_a_body_may_come_in_chunks(server: Server) -> None:
    status, answer = talk(
        server, chunk(BODY[:10]), chunk(BODY[10:]), chunk(b""), Transfer_Encoding="chunked"
    )
    assert (status, answer["accepted"]) == (202, 1)


def test_chunks_without_end_are_stopped_at_the_limit(server: Server) -> None:
    chunks = [chunk(b" " * 10_000)] * 11
    status, answer = talk(server, *chunks, Transfer_Encoding="chunked")
    assert (status, blamed(answer)) == (413, ["body"])
    still_open_for_business(server)


def test_a_length_beyond_the_limit_is_refused_before_the_body_comes(server: Server) -> None:
    for length in ("100001", "9" * 18):
        status, answer = talk(server, Content_Length=length)
        assert (status, blamed(answer)) == (413, ["body"])
    still_open_for_business(server)


def test_a_body_that_never_comes_is_not_waited_for(server: Server) -> None:
    status, answer = talk(server, BODY[:20], Content_Length=str(len(BODY)))
    assert (status, blamed(answer)) == (408, ["body"])
    assert not server.place.ledger.dead_letters[ALICE]
    still_open_for_business(server)


def test_a_body_longer_than_its_length_is_not_guessed_at(server: Server) -> None:
    status, answer = talk(server, BODY, Content_Length=str(len(BODY) - 1))
    assert status == 400
    assert blamed(answer) in (["body"], ["request"])
    assert not server.place.ledger.events[ALICE]
    still_open_for_business(server)


def test_a_sender_that_hangs_up_leaves_nothing_behind(server: Server) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port))) as connection:
        connection.sendall(
            b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n"
            b"Authorization: Bearer " + server.place.alice.text.encode() + b"\r\n\r\n{"
        )
    still_open_for_business(server)
    assert not server.place.ledger.dead_letters[ALICE]


def test_broken_gzip_is_told_so(server: Server) -> None:
    status, answer = talk(
        server, b"\x1f\x8b" + BODY, Content_Encoding="gzip", Content_Length=str(len(BODY) + 2)
    )
    assert (status, blamed(answer)) == (400, ["body"])
    still_open_for_business(server)


def test_headers_that_are_no_text_do_no_harm(server: Server) -> None:
    length = str(len(BODY))
    for name in ("Content_Type", "Content_Encoding", "Authorization", "webhook_signature"):
        status, answer = talk(server, BODY, Content_Length=length, **{name: "\xff\xfe=;\xa0"})
        assert 400 <= status < 500
        assert blamed(answer)
    still_open_for_business(server)


def test_what_is_not_http_is_refused(server: Server) -> None:
    with closing(socket.create_connection(("127.0.0.1", server.port), timeout=10)) as connection:
        connection.sendall(b"GARBAGE\x00\x01\r\n\r\n")
        status, answer = answer_of(connection)
    assert (status, blamed(answer)) == (400, ["request"])
    still_open_for_business(server)

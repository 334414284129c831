"""`orderwatch send` against a server on this machine: nothing is lost, whatever its mood."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Timer

import msgspec
import pytest
import typer
from tests.integration.sending.server import KEY, Ledger, server
from typer.testing import CliRunner, Result

from orderwatch.entrypoints.cli.send import send
from orderwatch.entrypoints.cli.simulate import simulate

app = typer.Typer()
app.command()(send)
app.command()(simulate)


def run(*arguments: str, piped: bytes | None = None, **environment: str | None) -> Result:
    return CliRunner(env={"ORDERWATCH_KEY": KEY, **environment}).invoke(
        app, list(arguments), input=piped
    )


def counts(result: Result) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(result.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 simulated orders."""
    path = tmp_path_factory.mktemp("events") / "events.ndjson"
    assert run("simulate", "--orders", "120", "-o", str(path)).exit_code == 0
    return path


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    ledger = Ledger()
    with server(ledger):
        yield ledger


def lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines()


def test_every_event_of_the_file_arrives_in_batches(ledger: Ledger, events: Path) -> None:
    result = run("send", str(events), "--url", ledger.url, "--json", "--batch", "200")
    assert result.exit_code == 0, result.output
    total = len(lines(events))
    assert counts(result)["accepted"] == total == len(ledger.events)
    assert len(ledger.requests) == -(-total // 200)


def test_sent_again_everything_is_a_duplicate(ledger: Ledger, events: Path) -> None:
    run("send", str(events), "--url", ledger.url)
    result = run("send", str(events), "--url", ledger.url)
    assert result.exit_code == 0
    assert result.stdout.split() == [
        "accepted", "0", "duplicate", f"{len(ledger.events):,}", "parked", "0", "rejected", "0",
    ]  # fmt: skip


def test_several_files_and_standard_input_are_one_sending(ledger: Ledger, events: Path) -> None:
    half = lines(events)[:700]
    piped = b"\n\n".join(lines(events)[700:]) + b"\r\n"
    part = events.with_name("part.ndjson")
    part.write_bytes(b"\xef\xbb\xbf" + b"\n".join(half))
    result = run("send", str(part), "-", "--url", ledger.url, "--json", piped=piped)
    assert result.exit_code == 0, result.output
    assert counts(result)["accepted"] == len(lines(events))


def test_a_bad_line_is_named_and_its_neighbours_arrive(ledger: Ledger, events: Path) -> None:
    good = lines(events)[:40]
    bad = [b"not json", b'{"id":"e-9","specversion":"1.0"}', b"\xff\xfe", b"7", good[0][:50]]
    mixed = events.with_name("mixed.ndjson")
    mixed.write_bytes(b"\n".join([*good[:20], *bad, *good[20:]]))
    result = run("send", str(mixed), "--url", ledger.url, "--json")
    assert result.exit_code == 1
    found = counts(result)
    assert (found["accepted"], found["rejected"]) == (40, 5)
    for number in range(21, 26):
        assert f"rejected {mixed}:{number}: " in result.stderr
    assert f"{mixed}:22: e-9: data.status: Object missing required field" in result.stderr


@pytest.mark.parametrize("refuses", ["422", "plainly"])
def test_a_file_of_nothing_but_bad_lines_is_counted_line_by_line(
    tmp_path: Path, refuses: str
) -> None:
    path = tmp_path / "bad.ndjson"
    path.write_bytes(b'{"id":"x"}\n' * 25)
    ledger = Ledger(refuses=refuses)
    with server(ledger):
        result = run("send", str(path), "--url", ledger.url, "--json")
    assert result.exit_code == 1
    assert counts(result)["rejected"] == 25
    assert "and 15 more were rejected" in result.stderr


def test_a_busy_server_is_waited_for_and_the_same_request_repeated(events: Path) -> None:
    ledger = Ledger([(503, {"Retry-After": "1"}), (429, {}), (500, {}), (502, {})])
    with server(ledger):
        begun = time.monotonic()
        result = run("send", str(events), "--url", ledger.url, "--json", "--connections", "1")
    assert result.exit_code == 0, result.output
    assert time.monotonic() - begun >= 1.0
    assert counts(result)["accepted"] == len(lines(events))
    assert counts(result)["retries"] == 4
    assert len({size for _, size in ledger.requests[:5]}) == 1


def test_a_server_that_is_not_there_yet_is_waited_for(events: Path) -> None:
    ledger = Ledger()
    with server(ledger) as url:
        port = int(url.rsplit(":", 1)[1])
    with ExitStack() as until_the_end:
        opening = Timer(0.7, until_the_end.enter_context, [server(ledger, port)])
        opening.start()
        result = run("send", str(events), "--url", url, "--json")
        opening.join()
    assert result.exit_code == 0, result.output
    assert counts(result)["accepted"] == len(lines(events)) == len(ledger.events)


def test_patience_ends_and_says_what_to_do(events: Path) -> None:
    ledger = Ledger([(503, {})] * 100)
    with server(ledger):
        result = run("send", str(events), "--url", ledger.url, "--json", "--retry-for", "0.5")
    assert result.exit_code == 1
    assert "not taken for 0.5 s, last HTTP 503: send again later" in result.stderr
    assert counts(result)["accepted"] == 0


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (401, "give --key or ORDERWATCH_KEY"),
        (403, "source prefix"),
        (404, "check --url"),
        (405, "check --url"),
        (301, "is this an Orderwatch server?"),
    ],
)
def test_where_waiting_cannot_help_it_stops_at_once(events: Path, status: int, remedy: str) -> None:
    ledger = Ledger([(status, {})] * 8)
    with server(ledger):
        result = run("send", str(events), "--url", ledger.url)
    assert result.exit_code == 1
    assert f"stopped: HTTP {status}: " in result.stderr
    assert remedy in result.stderr


def test_a_wrong_key_is_told_with_the_servers_words(ledger: Ledger, events: Path) -> None:
    result = run("send", str(events), "--url", ledger.url, "--key", "wrong")
    assert result.exit_code == 1
    assert "the key is not known" in result.stderr


def test_the_key_may_come_from_a_file(ledger: Ledger, events: Path, tmp_path: Path) -> None:
    secret = tmp_path / "key"
    secret.write_text(KEY + "\n")
    environment = {"ORDERWATCH_KEY_FILE": str(secret), "ORDERWATCH_URL": ledger.url}
    runner = CliRunner(env=environment)
    assert runner.invoke(app, ["send", str(events)]).exit_code == 0
    assert len(ledger.events) == len(lines(events))


def test_a_request_that_is_too_large_is_halved_until_it_fits(events: Path) -> None:
    ledger = Ledger([(413, {}), (413, {})])
    with server(ledger):
        result = run("send", str(events), "--url", ledger.url, "--json", "--connections", "1")
    assert result.exit_code == 0, result.output
    assert counts(result)["accepted"] == len(lines(events))


def test_a_rate_is_kept(ledger: Ledger, events: Path) -> None:
    few = events.with_name("few.ndjson")
    few.write_bytes(b"\n".join(lines(events)[:300]))
    begun = time.monotonic()
    result = run("send", str(few), "--url", ledger.url, "--rate", "300", "--batch", "50")
    assert result.exit_code == 0
    assert 0.7 < time.monotonic() - begun < 2.5


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("missing.ndjson",),
        (".",),
        ("-", "--rate", "fast"),
        ("-", "--rate", "0"),
        ("-", "--url", "localhost"),
        ("-", "--batch", "0"),
        ("-", "--key", "two\nlines"),
        ("-", "--key-file", "missing"),
    ],
)
def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    assert run("send", *arguments, piped=b"", ORDERWATCH_KEY=None).exit_code == 2


def test_memory_does_not_grow_with_the_file(ledger: Ledger, events: Path) -> None:
    """Twenty times the file, and not a tenth of it more memory."""
    large = events.with_name("large.ndjson")
    large.write_bytes(events.read_bytes() * 40)
    small_peak, large_peak = (peak_of(path, ledger.url) for path in (events, large))
    assert large.stat().st_size > 20e6
    assert large_peak - small_peak < 8e6


def peak_of(path: Path, url: str) -> int:
    """Bytes of memory a process of its own needs to send a file."""
    program = (
        "import resource, sys, typer\n"
        "from orderwatch.entrypoints.cli.send import send\n"
        "app = typer.Typer()\n"
        "app.command()(send)\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), "--url", url, "--key", KEY],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    return int(done.stdout.split()[-1])

"""`orderwatch` without the second it takes to start Python: forked from a process that is warm.

    python tests/warm.py serve SOCKET          waits for commands, until it is ended
    python tests/warm.py run SOCKET WORD...    one command: its files, folder, variables, exit code

For tests that type many commands. Each still runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys


def serve(path: str) -> None:
    """Fork a child for each command."""
    from orderwatch.entrypoints.cli.main import main

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks after them: no zombies
        while True:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                become(connection)
                leave(connection, main)
            connection.close()


def become(connection: socket.socket) -> None:
    """Take over the caller's standard files, folder, variables and words."""
    head, files, _, _ = socket.recv_fds(connection, 8, 3)
    rest = int.from_bytes(head, "big")
    text = b""
    while len(text) < rest:
        text += connection.recv(rest - len(text))
    folder, variables, words = json.loads(text)
    for place, file in enumerate(files):
        os.dup2(file, place)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    sys.argv = ["orderwatch", *words]


def leave(connection: socket.socket, main: object) -> None:
    """Run the command, and end with the exit code told to the caller."""
    code = 1
    try:
        main()  # type: ignore[operator]
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        connection.send(bytes([code]))
        os._exit(code)


def run(path: str, words: list[str]) -> int:
    """Have it run over there; its exit code."""
    text = json.dumps([os.getcwd(), dict(os.environ), words]).encode()  # noqa: PTH109
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        socket.send_fds(connection, [len(text).to_bytes(8, "big")], [0, 1, 2])
        connection.sendall(text)
        told = connection.recv(1)
    return told[0] if told else 1


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        sys.exit(run(sys.argv[2], sys.argv[3:]))

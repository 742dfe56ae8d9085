"""Ask a server of `forked.py` to run this program. forked.py writes it with settings and a first line for the shell."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SETTINGS: Any = {}


def main() -> None:
    """Run the program in a forked process, or the real one if its start is different."""
    python: str = SETTINGS["python"]
    words: list[str] = [*SETTINGS["words"], *sys.argv[1:]]
    read = {pair for pair in os.environ.items() if pair[0].startswith(SETTINGS["read"])}
    can_fork = any(words[: len(each)] == each for each in SETTINGS["forked"])
    if not can_fork or not read <= set(SETTINGS["started"]):
        os.execv(SETTINGS["executable"], [python, *words])
    request = {"words": words, "environment": dict(os.environ), "folder": os.getcwd(), "new_session": False}  # noqa: PTH109  pathlib is slow
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(SETTINGS["socket"])
        data = f"{json.dumps(request)}\n".encode()
        server.sendall(data[socket.send_fds(server, [data], [0, 1, 2]) :])
        answers = server.makefile("rb")
        process = int(answers.readline())
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda sent, _frame: os.kill(process, sent))
        status = int(answers.readline())
    if status < 0:
        signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


if __name__ == "__main__":
    main()

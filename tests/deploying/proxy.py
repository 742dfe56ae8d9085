"""A proxy on loopback between the deployer and the local cloud, which lets calls fail or wait."""

from __future__ import annotations

import http.client
import re
import select
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BufferedIOBase
from typing import TypeVar
from urllib.parse import parse_qs

HOP = {"connection", "transfer-encoding", "content-length", "date", "server"}
ERRORS = {
    "throttled": (400, "Throttling", "Rate exceeded"),
    "broken": (500, "InternalFailure", "We encountered an internal error"),
    "expired": (403, "ExpiredToken", "The security token included in the request is expired"),
}

# The number of attempts that each fault affects: one, all attempts of the SDK for one call, or all that follow.
# "lost request" affects the first attempt of each call.
AFFECTED_ATTEMPTS = {
    "throttled": 3,
    "broken": 3,
    "lost request": 10**6,
    "lost answer": 1,
    "no connection": 10**6,
    "stale": 1,
    "expired": 10**6,
}

STALE = ("Describe", "List", "Search", "GET")
# Calls that change nothing. The SDK repeats them if their answer is lost.
READS = (*STALE, "Get", "HEAD")
REQUEST_ID = re.compile(rb"<RequestId>[^<]*")


Answered = tuple[int, list[tuple[str, str]], bytes]  # the status, the headers and the body


class Proxy:
    """Counts the calls, and causes one kind of fault from a given call on."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.removeprefix("http://")
        self.url = ""
        self.tls: ssl.SSLContext | None = None  # the certificates with which it answers CONNECT requests
        self.calls: list[str] = []
        self.signers: list[str] = []
        self.kind: str | None = None
        self.first = 0
        self.held, self.passing = "", 0
        self.altered: tuple[str, bytes, bytes] | None = None
        self.arrived = threading.Event()
        self.released = threading.Event()
        self._old: dict[str, Answered] = {}
        self._lock = threading.Lock()
        self._kept = threading.local()  # each connection of a client has a thread, and a connection to the local cloud

    def spoil(self, kind: str | None, first: int = 0) -> None:
        """Reset the counter, and cause a fault from call number `first` (1, 2, ...) on.

        A fault that would have no effect on this call affects the next one instead, and `first` is its number.
        """
        with self._lock:
            self.calls.clear()
            self._old.clear()
            self.kind, self.first = kind, first

    def hold(self, call: str, *, passing: int = 0) -> None:
        """Return the answer to the next call of this name only after its release. The local cloud executes the call.

        `passing` is the number of calls of this name that are not held before.
        """
        self.arrived.clear()
        self.released.clear()
        self.held, self.passing = call, passing

    def release(self) -> None:
        """Release the held answer, and hold no other."""
        self.held = ""
        self.released.set()

    def fault(self, call: str) -> str | None:
        """Count a call, and return its fault; None if it succeeds."""
        with self._lock:
            self.calls.append(call)
            number = len(self.calls)
            if self.kind == "lost answer" and number == self.first and call.startswith(READS):
                self.first += 1
            if not self.kind or not self.first <= number < self.first + AFFECTED_ATTEMPTS[self.kind]:
                return None
            repeated = self.kind == "lost request" and (number - self.first) % 2
            return None if repeated else self.kind

    def call_name(self, method: str, path: str, _headers: dict[str, str], body: bytes) -> str:
        """Return the name of a call."""
        form = parse_qs(body.decode(errors="replace")) if method == "POST" and path == "/" else {}
        return form["Action"][0] if "Action" in form else f"{method} {path}"

    def error_answer(self, _headers: dict[str, str], code: str, text: str) -> tuple[list[tuple[str, str]], bytes]:
        """Return the headers and the body of an error in the format of the service."""
        error = f"<ErrorResponse><Error><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"
        return [("Content-Type", "text/xml")], error.encode()

    def forward(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answered:
        """Send a call to the local cloud, and return the status, headers and body of the answer."""
        connection = self._connection()
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        kept = [(key, value) for key, value in answer.getheaders() if key.lower() not in HOP]
        return answer.status, kept, content

    def _connection(self) -> http.client.HTTPConnection:
        """Return the connection of this thread to the local cloud, unless the local cloud has closed it."""
        kept: http.client.HTTPConnection | None = getattr(self._kept, "connection", None)
        if kept and kept.sock and select.select([kept.sock], [], [], 0)[0]:
            kept.close()  # the next request opens it again
        if kept is None:
            kept = self._kept.connection = http.client.HTTPConnection(self.upstream, timeout=60)
        return kept

    def hang_up(self) -> None:
        """Close the connection of this thread to the local cloud."""
        if connection := getattr(self._kept, "connection", None):
            connection.close()

    def answer(
        self, fault: str | None, call: str, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> Answered | None:
        """Return the answer to a call with its fault; None closes the connection."""
        if fault in ERRORS:
            status, code, text = ERRORS[fault]
            return (status, *self.error_answer(headers, code, text))
        if fault in ("lost request", "no connection"):
            return None
        if self.altered and call == self.altered[0]:
            body = body.replace(*self.altered[1:])
        fresh = self.forward(method, path, headers, body)
        if call == self.held and self.passing:
            self.passing -= 1
        elif call == self.held:
            self.held = ""
            self.arrived.set()
            self.released.wait(60)
        if fault == "lost answer":
            return None
        old = self._old.setdefault(call, fresh)
        if fault == "stale" and (not call.startswith(STALE) or _is_same(old, fresh)):
            self.first += 1
            return fresh
        return old if fault == "stale" else fresh


def _is_same(one: Answered, other: Answered) -> bool:
    """Return whether two answers have the same status and content."""
    return (one[0], REQUEST_ID.sub(b"", one[2])) == (other[0], REQUEST_ID.sub(b"", other[2]))


AnyProxy = TypeVar("AnyProxy", bound=Proxy)


def _read(file: BufferedIOBase, headers: Message) -> Iterator[bytes]:
    """Yield the body of a request: as a whole, or in the chunks that the SDK sends over TLS."""
    if headers.get("Transfer-Encoding") != "chunked":
        yield file.read(int(headers.get("Content-Length", 0)))
        return
    while size := int(file.readline(), 16):
        yield file.read(size)
        file.readline()
    file.readline()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_expect_100(self) -> bool:
            continues = super().handle_expect_100()
            self.wfile.flush()  # the client sends its body only after this answer
            return continues

        def finish(self) -> None:
            super().finish()
            proxy.hang_up()

        def relay(self) -> None:
            body = b"".join(_read(self.rfile, self.headers))
            headers = {key: value for key, value in self.headers.items() if key.lower() not in HOP}
            proxy.signers.append(self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0])
            call = proxy.call_name(self.command, self.path, headers, body)
            answer = proxy.answer(proxy.fault(call), call, self.command, self.path, headers, body)
            if answer is None:
                self.close_connection = True
                return
            status, kept, content = answer
            with suppress(BrokenPipeError, ConnectionResetError):
                self.send(status, kept, content)

        def send(self, status: int, kept: list[tuple[str, str]], content: bytes) -> None:
            self.send_response(status)
            for key, value in kept:
                self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)
            self.wfile.flush()

        def do_CONNECT(self) -> None:
            assert proxy.tls is not None
            self.send_response(200)
            self.end_headers()
            self.wfile.flush()
            with proxy.tls.wrap_socket(self.request, server_side=True) as tunnel:
                type(self)(tunnel, self.client_address, self.server)
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = relay  # noqa: N815 the names of http.server

        def log_message(self, *_arguments: object) -> None:
            pass

    return Handler


@contextmanager
def serving(proxy: AnyProxy) -> Iterator[AnyProxy]:
    """Run a proxy for the duration of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def proxied(upstream: str) -> Iterator[Proxy]:
    """Run a proxy for the local cloud for the duration of the block."""
    with serving(Proxy(upstream)) as proxy:
        yield proxy

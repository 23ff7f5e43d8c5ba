"""A web server on loopback for tests: answers come from a function, every request is kept. HTTP/1.1 with keep-alive,
single byte ranges and conditions; a thread a connection."""
import dataclasses
import email.utils
import hashlib
import http.server
import re
import socketserver
import threading
import urllib.parse


@dataclasses.dataclass
class Request:
    method: str
    target: str  # as in the request line
    headers: dict  # names in lower case
    body: bytes = b""

    @property
    def raw_path(self):
        return self.target.partition("?")[0]

    @property
    def path(self):
        return urllib.parse.unquote(self.raw_path)

    @property
    def raw_query(self):
        return self.target.partition("?")[2]

    def text(self):
        """Everything that was sent, for searches."""
        return "\n".join([f"{self.method} {self.target}"] + [f"{n}: {v}" for n, v in self.headers.items()])


@dataclasses.dataclass
class Reply:
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""


def is_at_hand(request, etag, modified):
    """Whether the client has this version already (RFC 9110, section 13.1)."""
    tags, since = (request.headers.get(name) for name in ("if-none-match", "if-modified-since"))
    if tags:
        return tags == "*" or etag in tags
    return bool(since) and email.utils.parsedate_to_datetime(modified) <= email.utils.parsedate_to_datetime(since)


def object_reply(request, content, modified="Mon, 03 Apr 2023 10:00:00 GMT"):
    """The object, or the range that is asked for (RFC 9110, section 14), or that it has not changed."""
    headers = {"ETag": f'"{hashlib.md5(content).hexdigest()}"', "Last-Modified": modified, "Accept-Ranges": "bytes",
               "Content-Type": "application/octet-stream"}
    if is_at_hand(request, headers["ETag"], modified):
        return Reply(304, {name: headers[name] for name in ("ETag", "Last-Modified")})
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", request.headers.get("range", ""))
    if not wanted or wanted.group(0) == "bytes=-":
        return Reply(200, headers, content)
    first, last = wanted.groups()
    begin = int(first) if first else max(len(content) - int(last), 0)
    end = min(int(last) + 1, len(content)) if first and last else len(content)
    if begin >= end:
        return Reply(416, {"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {begin}-{end - 1}/{len(content)}"
    return Reply(206, headers, content[begin:end])


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # header and body leave together
    disable_nagle_algorithm = True

    def _handle(self):
        size = int(self.headers.get("Content-Length") or 0)
        headers = {}
        for name, value in self.headers.items():
            name = name.lower()
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        request = Request(self.command, self.path, headers, self.rfile.read(size))
        reply = self.server.owner.take(request)
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        if reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_CONNECT = _handle

    def log_message(self, *args):
        pass


class _Listener(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, client_address):
        pass  # clients may close whenever they like


class WebServer:
    """`answer(request)` gives the Reply; it may be called by several threads at once. `tls`: an ssl.SSLContext."""

    def __init__(self, answer, tls=None):
        self.answer = answer
        self.requests = []  # (Request, status)
        self._lock = threading.Lock()
        self._listener = _Listener(("127.0.0.1", 0), _Handler)
        self._listener.owner = self
        self._scheme = "https" if tls else "http"
        if tls:
            # The handshake is the connection's own thread's.
            self._listener.socket = tls.wrap_socket(self._listener.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._listener.server_address[1]
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def take(self, request):
        reply = self.answer(request)
        with self._lock:
            self.requests.append((request, reply.status))
        return reply

    def url(self, path="", host="127.0.0.1"):
        return f"{self._scheme}://{host}:{self.port}/{path}"

    def forget(self):
        with self._lock:
            self.requests.clear()

    def statuses(self):
        return [status for _, status in self.requests]

    def log_text(self):
        return "\n\n".join(request.text() for request, _ in self.requests)

    def close(self):
        self._listener.shutdown()
        self._listener.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def serve(objects, check=lambda request: None, tls=None):
    """A WebServer of {path: bytes}; where `check(request)` gives a Reply, that is the answer."""

    def answer(request):
        refused = check(request)
        if refused:
            return refused
        content = objects.get(request.path.lstrip("/"))
        return Reply(404) if content is None else object_reply(request, content)

    return WebServer(answer, tls)

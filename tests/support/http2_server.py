"""A web server on loopback that speaks HTTP/2 over TLS: serves a folder with byte ranges and notes what was asked. The server
is hypercorn's (Debian: python3-hypercorn) and runs as a program of its own:

    python3 http2_server.py FOLDER CERTIFICATE KEY LOG

It prints its port and ends with its standard input. LOG gets a line for each request when its answer begins: protocol,
status, target, connection. A query asks for trouble (RFC 9113):

    ?busy           503 with Retry-After at the requests TROUBLED, as they are counted from 1
    ?reset=CODE     RST_STREAM in place of an answer, at the same requests
    ?cut=CODE       RST_STREAM in the middle of the body, at the same requests
    ?goaway         GOAWAY at the request LAST of a connection: answers this and those before, no more
    ?together       no answer before TOGETHER requests wait for it
"""
import asyncio
import collections
import importlib.util
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading

from web_server import Reply, Request, object_reply

TROUBLED = (2, 5, 11)
LAST = 20
TOGETHER = 48
PATIENCE = 20  # seconds that requests wait for others


def available():
    """Whether hypercorn is installed."""
    return importlib.util.find_spec("hypercorn") is not None


class Http2Server:
    """Serves until stop() or the end of this program."""

    def __init__(self, folder, certificate, key, log):
        self.process = subprocess.Popen([sys.executable, __file__, folder, certificate, key, log], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, start_new_session=True)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


class Application:
    """The ASGI application."""

    def __init__(self, folder, log):
        self.folder = pathlib.Path(folder)
        self.log = log
        self.count = 0
        self.asked = collections.Counter()  # by connection
        self.gathering = asyncio.Barrier(TOGETHER)

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return
        connection, query = scope["client"][1], scope["query_string"].decode()
        self.count += 1
        self.asked[connection] += 1
        asked = self.asked[connection]
        trouble, _, code = query.partition("=")
        if trouble in ("busy", "reset", "cut") and self.count not in TROUBLED:
            trouble = ""
        if trouble == "together":
            await asyncio.wait_for(self.gathering.wait(), PATIENCE)
        if trouble == "goaway" and asked == LAST:
            await go_away(send)
        if trouble == "goaway" and asked > LAST:
            return  # the client does not wait for it
        reply = Reply(503, {"Retry-After": "1"}) if trouble == "busy" else self.reply(scope)
        target = scope["raw_path"].decode() + ("?" if query else "") + query
        print("HTTP/" + scope["http_version"].replace("2", "2.0"), reply.status, target, connection, file=self.log, flush=True)
        if trouble != "reset":
            headers = {**reply.headers, "Content-Length": len(reply.body)}
            sent = len(reply.body) // 2 if trouble == "cut" else len(reply.body)
            await send({"type": "http.response.start", "status": reply.status,
                        "headers": [(name.lower().encode(), str(value).encode()) for name, value in headers.items()]})
            await send({"type": "http.response.body", "body": reply.body[:sent], "more_body": trouble == "cut"})
        if trouble in ("reset", "cut"):
            await reset(send, int(code))

    def reply(self, scope):
        path = (self.folder / scope["path"].lstrip("/")).resolve()
        if not path.is_file() or self.folder.resolve() not in path.parents:
            return Reply(404)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        return object_reply(Request(scope["method"], scope["path"], headers), path.read_bytes())


# ASGI has no word for what follows: `send` is a method of hypercorn's stream, and that has the connection.


async def reset(send, code):
    """Ends the stream, once what is to be sent of it has left."""
    stream = send.__self__
    protocol = stream.send.__self__
    waiting = protocol.stream_buffers[stream.stream_id]
    if waiting.buffer:
        await waiting.drain()
    protocol.connection.reset_stream(stream.stream_id, code)
    await protocol._flush()


async def go_away(send):
    """Takes no streams after this one."""
    stream = send.__self__
    await stream.send.__self__.send(RawData(GoAwayFrame(0, last_stream_id=stream.stream_id).serialize()))


def end_with_input():
    sys.stdin.read()
    os._exit(0)  # connections break: a graceful end would wait for those who keep them


def main(folder, certificate, key, log):
    config = Config()
    config.certfile, config.keyfile = certificate, key
    config.errorlog = None
    config.keep_alive_timeout = 60
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    config.bind = [f"fd://{listener.fileno()}"]
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    threading.Thread(target=end_with_input, daemon=True).start()
    with open(log, "w", encoding="utf-8") as file:
        asyncio.run(serve(Application(folder, file), config))


if __name__ == "__main__":
    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from hypercorn.events import RawData
    from hyperframe.frame import GoAwayFrame

    main(*sys.argv[1:])

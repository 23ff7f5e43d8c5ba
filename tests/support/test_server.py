"""Starts, steers and ends the web server for tests (support/http_server) as a program of its own. Standard library only.

    with TestServer(folder, latency_ms=50) as server:
        server.rules({"fault": "status", "status": 503, "times": 1})
        read(server.url("refs.json"))
        assert server.counts()["requests"] == 2
"""
import http.client
import json
import os
import pathlib
import subprocess
import urllib.parse

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def program():
    """The built program: of the build that VCUBE_BUILD names, or the development one."""
    build = pathlib.Path(os.environ.get("VCUBE_BUILD", PROJECT / "build" / "dev"))
    path = build / "tests" / "test_http_server"
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: build it (ninja test_http_server) or set VCUBE_BUILD")
    return path


class TestServer:
    """Serves a folder on loopback until stop() or the end of this program."""

    __test__ = False  # pytest takes it for a test otherwise

    def __init__(self, folder, *flags, **options):
        """Flags as in "--list", options as in latency_ms=50: those of main.cpp."""
        command = [program(), folder, *flags]
        for name, value in options.items():
            command += ["--" + name.replace("_", "-"), str(value)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self.port = json.loads(self.process.stdout.readline())["port"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the program; connections break."""
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()

    def url(self, path="", host="127.0.0.1"):
        """URL of an object."""
        return f"http://{host}:{self.port}/{path}"

    def control(self, what, body=None):
        """POSTs to (with a body) or GETs from /_control/: see http_server/control.h."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request("GET" if body is None else "POST", "/_control/" + what, body)
        reply = connection.getresponse()
        text = reply.read().decode()
        connection.close()
        if reply.status != 200:
            raise ValueError(f"{what}: {text.strip()}")
        return json.loads(text)

    def rules(self, *rules):
        """From now on; replaces those before. Each a dict with the names of FaultRule (http_server.h)."""
        self.control("rules", json.dumps(rules))

    def latency(self, milliseconds):
        """From now on."""
        self.control("latency", json.dumps(milliseconds))

    def put(self, path, content):
        """An object beside or in place of the folder, with a new ETag."""
        self.control("put?path=" + urllib.parse.quote(path, safe=""), content)

    def reset(self):
        """Forgets counts and log."""
        self.control("reset", "")

    def counts(self):
        """requests, body_bytes, connections, most_at_once, by_fault."""
        return self.control("counts")

    def log(self):
        """What was asked, one dict a request: method, path, headers, status, fault, body_bytes."""
        return self.control("log")

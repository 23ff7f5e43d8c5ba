"""Writes the seeds of fuzz_http: what was asked for, and a reply. Usage: make_http_corpus.py [folder]"""
import pathlib
import sys

XML = "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message></Error>"
SEEDS = [
    # begin end suffix clip max_bytes body_bytes fault, and 1 with a condition
    ("5 10 0 0 1000 5 0", 206, ["Content-Range: bytes 5-9/100", "Content-Length: 5", "ETag: \"a\""], "hello"),
    ("5 10 0 1 1000 2 0", 206, ["content-range: bytes 5-6/7", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"], "he"),
    ("0 0 4 0 1000 4 0", 206, ["Content-Range: bytes 96-99/100", "Content-Length: 4"], "tail"),
    ("0 0 9 1 1000 4 0", 206, ["Content-Range: bytes 0-3/4"], "tail"),
    ("5 10 0 0 1000 9 0", 206, ["Content-Type: multipart/byteranges; boundary=x"], "--x\r\n"),
    ("5 10 0 0 1000 100 0", 200, ["Content-Length: 100", "ETag: W/\"a\"", "Content-Type: application/x-netcdf"], "CDF"),
    ("5 10 0 1 1000 7 0", 200, ["Transfer-Encoding: chunked"], "hello w"),
    ("0 * 0 0 1000 5 0", 200, [], "hello"),
    ("3 * 0 0 1000 5 0", 206, ["Content-Range: bytes 3-7/*", "Content-Length: 5"], "hello"),
    ("5 10 0 0 1000 50 0", 200, ["Content-Type: text/html", "Content-Length: 50"], "<html>log in</html>"),
    ("5 10 0 0 1000 0 0", 416, ["Content-Range: bytes */4"], ""),
    ("5 10 0 1 1000 0 0", 416, [], XML % ("InvalidRange", "x") + "<ActualObjectSize>4</ActualObjectSize>"),
    ("5 10 0 0 1000 90 0", 503, ["Retry-After: 120"], XML % ("SlowDown", "Reduce your request rate")),
    ("5 10 0 0 1000 90 0", 429, ["Retry-After: Sun, 06 Nov 1994 08:49:47 GMT", "Date: Sunday, 06-Nov-94 08:49:37 GMT"], ""),
    ("5 10 0 0 1000 90 0", 403, ["Date: Sun Nov  6 08:49:37 1994"], XML % ("AccessDenied", "AKIA")),
    ("5 10 0 0 1000 90 0", 404, [], XML % ("NoSuchKey", "k")),
    ("5 10 0 0 1000 0 0", 302, ["Location: https://other.example:8443/a/b?c=d#e"], ""),
    ("5 10 0 0 1000 0 0", 307, ["Location: ../b?c"], ""),
    ("5 10 0 0 1000 0 0", 301, ["Location: ftp://other.example/"], ""),
    ("5 10 0 0 1000 5 4", 206, ["Content-Range: bytes 5-9/100"], "hello"),
    ("18446744073709551613 18446744073709551614 0 0 1000 1 0", 206,
     ["Content-Range: bytes 18446744073709551613-18446744073709551613/18446744073709551614"], "x"),
    ("5 10 0 0 1000 5 0", 100, ["HTTP/1.1 206 Partial Content", "Content-Range: bytes 5-9/100"], "hello"),
    ("0 * 0 0 1000 0 0 1", 304, ["ETag: W/\"a\"", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"], ""),
    ("0 0 4 0 1000 0 0 1", 304, ["ETag: \"b\""], ""),
]

if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus" / "http")
    folder.mkdir(parents=True, exist_ok=True)
    for number, (asked, status, fields, body) in enumerate(SEEDS):
        lines = [asked, f"HTTP/1.1 {status} Reason\r", *(f"{field}\r" for field in fields), "\r"]
        (folder / f"{number:02}").write_bytes(("\n".join(lines) + "\n" + body).encode())

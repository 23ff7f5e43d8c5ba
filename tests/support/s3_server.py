"""An object store on loopback with the S3 interface, path style, that checks signatures: AWS Signature Version 4 in the
Authorization header and in the query ("Authenticating Requests" of the Amazon S3 API reference), expiry, session tokens,
regions, who may read which bucket, who pays. Objects are read and listed, not written."""
import calendar
import dataclasses
import hashlib
import hmac
import time
import urllib.parse
import xml.sax.saxutils

from web_server import Reply, WebServer, object_reply

ALGORITHM = "AWS4-HMAC-SHA256"
EMPTY_HASH = hashlib.sha256(b"").hexdigest()


def quoted(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-_.~")


def query_pairs(raw_query):
    """Decoded pairs; "+" is a plus sign, not a space."""
    pairs = []
    for part in raw_query.split("&") if raw_query else []:
        name, _, value = part.partition("=")
        pairs.append((urllib.parse.unquote(name), urllib.parse.unquote(value)))
    return pairs


def canonical_request(method, path, pairs, headers, signed, payload):
    """`path` decoded; `headers` with names in lower case; `signed` the names that count."""
    query = "&".join(f"{n}={v}" for n, v in sorted((quoted(n), quoted(v)) for n, v in pairs))
    lines = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in signed)
    return "\n".join([method, quoted(path, "/"), query, lines, ";".join(signed), payload])


def signature(secret, stamp, scope, request):
    """Of a canonical request; `scope` is date/region/s3/aws4_request."""
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = "\n".join([ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


@dataclasses.dataclass
class Key:
    secret: str
    buckets: tuple  # that it may read
    token: str = ""  # of temporary credentials
    expired: bool = False
    may_list: bool = True


@dataclasses.dataclass
class Bucket:
    objects: dict = dataclasses.field(default_factory=dict)  # key: bytes
    public: bool = False
    requester_pays: bool = False
    region: str = "us-east-1"


class Refusal(Exception):
    def __init__(self, status, code, message, **more):
        super().__init__(code)
        self.reply = Reply(status, {"Content-Type": "application/xml"}, document(
            "Error", "".join(element(n, v) for n, v in {"Code": code, "Message": message, **more}.items())))


def element(name, text):
    return f"<{name}>{xml.sax.saxutils.escape(str(text))}</{name}>"


def document(name, inside):
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{name}>{inside}</{name}>'.encode()


class S3Server(WebServer):
    """`keys`: {access key: Key}, `buckets`: {name: Bucket}; both may change while it runs."""

    def __init__(self, keys=None, buckets=None, page=1000):
        self.keys = keys or {}
        self.buckets = buckets or {}
        self.page = page  # most keys of one listing
        self.life = 7 * 86400  # seconds that a signature in a query is taken for, whatever it says
        super().__init__(self._answer)

    @property
    def endpoint(self):
        return f"127.0.0.1:{self.port}"

    def _answer(self, request):
        try:
            if request.method not in ("GET", "HEAD"):
                raise Refusal(405, "MethodNotAllowed", "objects are only read here")
            name, _, key = request.path.lstrip("/").partition("/")
            bucket = self.buckets.get(name)
            reader = self._reader(request, bucket)
            if bucket is None:
                raise Refusal(404, "NoSuchBucket", "The specified bucket does not exist", BucketName=name)
            if reader is None and not bucket.public or reader is not None and name not in reader.buckets:
                raise Refusal(403, "AccessDenied", "Access Denied")
            if bucket.requester_pays:
                pays = [request.headers.get("x-amz-request-payer")] + [
                    v for n, v in query_pairs(request.raw_query) if n == "x-amz-request-payer"]
                if "requester" not in pays:
                    raise Refusal(403, "AccessDenied", "Requester must pay")
            may_list = reader is None or reader.may_list
            if key == "":
                if not may_list:
                    raise Refusal(403, "AccessDenied", "Access Denied")
                return self._listing(name, bucket, dict(query_pairs(request.raw_query)))
            if key not in bucket.objects:
                raise Refusal(404, "NoSuchKey", "The specified key does not exist.", Key=key) if may_list else \
                    Refusal(403, "AccessDenied", "Access Denied")
            reply = object_reply(request, bucket.objects[key])
            if reply.status == 416:
                raise Refusal(416, "InvalidRange", "The requested range is not satisfiable",
                              ActualObjectSize=len(bucket.objects[key]))
            return reply
        except Refusal as refusal:
            return refusal.reply

    def _reader(self, request, bucket):
        """The Key that signed the request, None where nobody did."""
        query = dict(query_pairs(request.raw_query))
        in_query, in_header = "X-Amz-Algorithm" in query, "authorization" in request.headers
        if in_query and in_header:
            raise Refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        if not in_query and not in_header:
            return None
        if in_query:
            algorithm, credential, signed = (query.get("X-Amz-" + n, "") for n in ("Algorithm", "Credential", "SignedHeaders"))
            claimed, stamp = query.get("X-Amz-Signature", ""), query.get("X-Amz-Date", "")
            token, payload = query.get("X-Amz-Security-Token", ""), "UNSIGNED-PAYLOAD"
        else:
            algorithm, _, rest = request.headers["authorization"].partition(" ")
            fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
            credential, signed, claimed = (fields.get(n, "") for n in ("Credential", "SignedHeaders", "Signature"))
            stamp, token = request.headers.get("x-amz-date", ""), request.headers.get("x-amz-security-token", "")
            payload = request.headers.get("x-amz-content-sha256", "")
        malformed = "AuthorizationQueryParametersError" if in_query else "AuthorizationHeaderMalformed"
        access, _, scope = credential.partition("/")
        parts = scope.split("/")
        if algorithm != ALGORITHM or len(parts) != 4 or parts[2:] != ["s3", "aws4_request"] or stamp[:8] != parts[0]:
            raise Refusal(400, malformed, "the credential is malformed")
        region = bucket.region if bucket else parts[1]
        if parts[1] != region:
            raise Refusal(400, malformed, f"the region '{parts[1]}' is wrong; expecting '{region}'", Region=region)
        key = self.keys.get(access)
        if key is None:
            raise Refusal(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        names = signed.split(";")
        unsigned = [n for n in request.headers if n.startswith("x-amz-") and n not in names]
        if "host" not in names or unsigned:
            raise Refusal(403, "AccessDenied", "There were headers present in the request which were not signed")
        pairs = [(n, v) for n, v in query_pairs(request.raw_query) if n != "X-Amz-Signature"]
        canonical = canonical_request(request.method, request.path, pairs, request.headers, names, payload)
        if not hmac.compare_digest(claimed, signature(key.secret, stamp, scope, canonical)):
            raise Refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature "
                          "you provided. Check your key and signing method.")
        age = time.time() - calendar.timegm(time.strptime(stamp, "%Y%m%dT%H%M%SZ"))
        if in_query and age > min(int(query.get("X-Amz-Expires", "0")), self.life):
            raise Refusal(403, "AccessDenied", "Request has expired")
        if age < -900 or (in_header and age > 900):
            raise Refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too "
                          "large.")
        if token != key.token:
            raise Refusal(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        if key.expired:
            raise Refusal(400, "ExpiredToken", "The provided token has expired.")
        return key

    def _listing(self, name, bucket, query):
        """ListObjects and, with list-type=2, ListObjectsV2."""
        second = query.get("list-type") == "2"
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
        after = query.get("continuation-token" if second else "marker", "") or query.get("start-after", "")
        size = min(int(query.get("max-keys", self.page)), self.page)
        found = {}  # key or common prefix: is it a prefix
        for key in sorted(bucket.objects):
            if key.startswith(prefix):
                end = key.find(delimiter, len(prefix)) if delimiter else -1
                found[key if end < 0 else key[:end + len(delimiter)]] = end >= 0
        names = [n for n in sorted(found) if n > after]
        shown, cut = names[:size], len(names) > size
        inside = element("Name", name) + element("Prefix", prefix) + element("MaxKeys", size)
        inside += element("KeyCount", len(shown)) if second else element("Marker", after)
        inside += element("IsTruncated", "true" if cut else "false")
        if cut:
            inside += element("NextContinuationToken" if second else "NextMarker", shown[-1])
        for one in shown:
            if found[one]:
                inside += f"<CommonPrefixes>{element('Prefix', one)}</CommonPrefixes>"
            else:
                content = bucket.objects[one]
                inside += "<Contents>" + element("Key", one) + element("LastModified", "2023-04-03T10:00:00.000Z") + element(
                    "ETag", f'"{hashlib.md5(content).hexdigest()}"') + element("Size", len(content)) + element(
                    "StorageClass", "STANDARD") + "</Contents>"
        return Reply(200, {"Content-Type": "application/xml"}, document("ListBucketResult", inside))

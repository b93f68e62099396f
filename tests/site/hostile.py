"""What the internet sends to a site: requests of every wrong shape, for an address."""

from itertools import chain

from tests.site.raw import request

FORM = b"Content-Type: application/x-www-form-urlencoded"
MULTIPART = b"Content-Type: multipart/form-data; boundary=x"
HOST = b"Host: 127.0.0.1"

METHODS = (
    *(b"POST", b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"HEAD", b"TRACE", b"CONNECT"),
    *(b"PROPFIND", b"BREW", b"get", b"G\x00T", b"G" * 5000, b"\xff\xfe"),
)

SUFFIXES = (
    *(b"?" + b"a" * 4000, b"?" + b"&".join(b"p%d=1" % n for n in range(1500)), b"a" * 3000, b"a" * 100_000),
    *(b"?word=%00", b"?word=%ff%fe", b"?word=%C0%AE", b"?word=%ED%A0%80", b"?word=%F4%8F%BF%BF", b"?word=%"),
    *(b"?word=%27%20OR%201%3D1%20--", b"?word=%25%25%25%25", b"?word=__", b"?word=%2A%2A", b"?word=%28%28"),
    *(b"?word=%2B%22a", b"?query=fulltext&word=%2B%2D%40%3C%3E%28%29~%22%2A", b"?query=fulltext&word=%22%22"),
    *(
        b"?query=drop%20table",
        b"?query=__class__",
        b"?rows=1e9",
        b"?rows=-1",
        b"?rows=%D9%A3",
        b"?rows=20&rows=x",
    ),
    *(b"?repetitions=99999", b"?concurrency=4096", b"?format=json&format=x", b"?format=%00", b"?=&&&=;;;"),
    *(
        b"?p=99999999999999999999",
        b"?p=-1",
        b"?o=999.-999",
        b"?q=%00",
        b"?q=%27%22%5C%25",
        b"?next=//evil.example",
    ),
    *(
        b"?id__in=1,2",
        b"?sentence__regex=(a%2B)%2B",
        b"?source=%00",
        b"?e=1",
        b"?_popup=1&_to_field=password",
    ),
    *(
        b"../../../../etc/passwd",
        b"..%2f..%2f..%2fetc%2fpasswd",
        b"%2e%2e/%2e%2e/config/settings.py",
        b"..\\..\\x",
    ),
    *(
        b"%00",
        b"%0d%0aSet-Cookie:%20a=b",
        b"%ff",
        b"%",
        b"%zz",
        b";a=b",
        b".",
        b"/",
        b"//",
        b"#x",
        b"\xff\x00\x01",
    ),
)

HEADERS = (
    *(
        b"X: " + b"a" * 8000,
        b"X: " + b"a" * 100_000,
        b"X: a\x00b",
        b"X: a\x1b[31m",
        b"X : a",
        b": a",
        b"no colon",
    ),
    *(b"X: a\r\n folded", b"X: a\nY: b", b"X\x00: a", b"X-\xff: a", b"X: \xff\xfe\xfd"),
    b"\r\n".join(b"X%d: a" % n for n in range(200)),
    *(b"Cookie: " + b"a=b; " * 1500, b"Cookie: sessionid=\xff\xfe; csrftoken=%00", b"Cookie: ;;;===,,,"),
    *(b"Cookie: messages=garbage; sessionid='; DROP TABLE x", b'Cookie: a="\\999\\0"; messages=W10:x:y'),
    *(
        b"Accept-Encoding: gzip;q=\xb2, *;q=1e9,,,;",
        b'If-None-Match: "',
        b"If-None-Match: *",
        b"Accept: \xff",
    ),
    *(
        b"If-Modified-Since: yesterday",
        b"If-Modified-Since: Mon, 99 Foo 99999 99:99:99 GMT",
        b"Range: bytes=9-1,x",
    ),
    *(b"X-Forwarded-For: ' OR 1=1", b"X-Forwarded-Proto: https", b"X-Forwarded-Host: evil.example"),
    *(
        b"X-Forwarded-Proto: x\r\nX-Forwarded-Proto: https",
        b"SCRIPT_NAME: /x",
        b"SCRIPT-NAME: /x",
        b"PATH_INFO: /x",
    ),
    *(b"Proxy: http://evil.example", b"X-HTTP-Method-Override: DELETE", b"Origin: null", b"Referer: \xff"),
    *(
        b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk",
        b"Expect: nonsense",
    ),
    *(
        b"Content-Type: \xff/\xff; charset=\x01",
        b"Authorization: Basic \xff",
        b"Content-Type: a\r\nContent-Type: b",
    ),
)

BODIES = (
    *((FORM, b"a" * 100_000), (FORM, b"a" * 1_000_000), (FORM, b"&".join(b"f%d=1" % n for n in range(5000)))),
    *((FORM, b"csrfmiddlewaretoken=\xff\xfe\x00"), (FORM, b"%"), (FORM, b"username=%00&password=%ff")),
    *(
        (MULTIPART, b"garbage"),
        (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n\x00\r\n--x--'),
    ),
    (MULTIPART, b'--x\r\nContent-Disposition: form-data; name="f"; filename="../../x"\r\n\r\nabc\r\n--x--'),
    *((b"Content-Type: multipart/form-data", b"x"), (b"Content-Type: application/json", b"[" * 50_000)),
    (b"Content-Type: text/plain; charset=utf-7", b"+ADw-"),
)


def framings(path: bytes) -> list[bytes]:
    """Requests whose end, host or version can be read in two ways, or in none."""

    def post(*headers: bytes, body: bytes = b"") -> bytes:
        return b"\r\n".join([b"POST %b HTTP/1.1" % path, HOST, b"Connection: close", *headers, b"", body])

    def line(first: bytes, *headers: bytes) -> bytes:
        return b"\r\n".join([first, *headers, b"", b""])

    smuggled = b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nX: "
    get = b"GET %b HTTP/1.1" % path
    return [
        post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=smuggled),
        post(b"Transfer-Encoding: chunked", body=b"5\r\nhello\r\n0\r\n\r\n"),
        post(b"Transfer-Encoding: xchunked", body=smuggled),
        post(b"Transfer-Encoding : chunked", body=smuggled),
        post(b"Transfer-Encoding:\x0bchunked", body=smuggled),
        post(b"Transfer-Encoding: chunked, identity", body=smuggled),
        post(b"Transfer-Encoding: gzip", body=smuggled),
        post(b"X: a\nTransfer-Encoding: chunked", body=smuggled),
        post(b"Content-Length: 1", b"Content-Length: 5", body=b"hello"),
        *(
            post(b"Content-Length: " + length, body=b"hello")
            for length in (b"-1", b"+5", b"5,5", b"0x5", b"\xb2")
        ),
        *(
            post(b"Content-Length: " + length, body=b"hello")
            for length in (b"9" * 30, b"1e3", b"", b"5 5", b"9999")
        ),
        *(line(get, *hosts) for hosts in ((), (HOST, HOST), (HOST, b"Host: evil.example"), (b"Host:",))),
        *(
            line(get, b"Host: " + host)
            for host in (
                *(
                    b"evil.example",
                    b"127.0.0.1.evil.example",
                    b"evil@127.0.0.1",
                    b"127.0.0.1:x",
                    b"127.0.0.1:99999",
                ),
                *(
                    b"*",
                    b".",
                    b"[::1",
                    b"a" * 7000,
                    b"\xff\xfe",
                    b"127.0.0.1/../x",
                    b"x\x00y",
                    b"127.0.0.1 evil",
                ),
            )
        ),
        line(b"GET http://evil.example%b HTTP/1.1" % path, HOST),
        line(b"GET http://evil.example:x]%b HTTP/1.1" % path, b"Host: evil.example"),
        line(b"GET * HTTP/1.1", HOST),
        line(b"OPTIONS * HTTP/1.1", HOST),
        line(b"CONNECT evil.example:443 HTTP/1.1", HOST),
        line(b"GET ..%b HTTP/1.1" % path, HOST),
        line(b"GET  %b  HTTP/1.1" % path, HOST),
        *(
            line(b"GET %b %b" % (path, version), HOST)
            for version in (b"HTTP/0.9", b"HTTP/2.0", b"HTTP/1.10", b"FTP/1.0")
        ),
        b"GET %b\r\n" % path,
        b"GET %b HTTP/1.1\nHost: 127.0.0.1\n\n" % path,
        b"\r\n\r\n\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        b"PROXY TCP4 127.0.0.1 127.0.0.1 1 1\r\n" + line(get, HOST),
        request(path) * 20,
        b"",
    ]


def shapes(path: bytes) -> list[bytes]:
    """Every hostile request for this path."""
    return list(
        chain(
            (request(path, method) for method in METHODS),
            (request(path + suffix) for suffix in SUFFIXES),
            (request(path, b"GET", header) for header in HEADERS),
            (request(path, b"POST", kind, body=body) for kind, body in BODIES),
            framings(path),
        )
    )

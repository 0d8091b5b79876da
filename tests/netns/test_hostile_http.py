"""What hostile phones say to the portal's port, and what it answers.

Whatever is said: nothing of it is repeated, nobody is sent to a foreign host, nothing is
granted, no answer is a 500, nothing of it makes the log longer than a line, and the daemon
lives on.
"""

import random
import re
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from portal.demo import addresses as at
from portal.demo.browser import forms
from portal.demo.lab import HTTP_PORT, HTTPS_PORT, Lab
from portal.demo.phone import Phone
from portal.demo.probes import Answer, NoAnswer
from tests.netns.hostile import HOST, SPLASH, headers_of, resident, say, status_of

pytestmark = [pytest.mark.netns, pytest.mark.xdist_group("hostile")]

MARK = "evil1234"
"""In everything that is said, and in nothing that is answered."""
OURS = (f"http://{at.PORTAL_HOST}/", f"https://{at.PORTAL_HOST}/")
FORM = "Content-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab() as lab:
        lab.start_internet()
        lab.start_dns_dhcp()
        lab.start_portal(https=True)
        yield lab


@pytest.fixture(scope="module")
def phone(lab: Lab) -> Phone:
    phone = lab.phone()
    phone.join()
    return phone


@pytest.fixture(scope="module")
def token(phone: Phone) -> str:
    """What our own form carries: every phone can read it, so hostile ones know it too."""
    page = phone.open(f"http://{at.PORTAL_HOST}/")
    assert isinstance(page, Answer)
    return next(f.fields["conditions"] for f in forms(page.body, page.url) if "accept" in f.url)


@pytest.fixture(autouse=True)
def unharmed(lab: Lab) -> Iterator[None]:
    """After each attack: the same process, no error in its log, nobody let in."""
    process = lab.portal
    before = len(lab.gateway.read_log("portal"))
    yield
    said = lab.gateway.read_log("portal")[before:]
    assert process is not None
    assert process.poll() is None
    assert "ERROR" not in said
    assert "Traceback" not in said
    assert MARK not in said


def harmless(answer: bytes) -> int:
    """The status of an answer that repeats nothing and leads nowhere else."""
    assert MARK.encode() not in answer.lower()
    status = status_of(answer)
    headers = headers_of(answer)
    assert status < 500
    if status:
        assert headers.get("location", OURS[0]).startswith(OURS)
        assert headers["server"] == "portal"
        assert headers["connection"] == "close"
        assert headers["cache-control"] in ("no-store", "private, no-store", "private, no-cache")
        assert "set-cookie" not in headers
    return status


def is_captive(phone: Phone) -> bool:
    answer = say(phone, get("/captive-portal/api"))
    assert status_of(answer) == 200
    return b'"captive": true' in answer


def get(target: str, *headers: str, host: str = at.PORTAL_HOST) -> bytes:
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n".encode("latin-1")


def post(path: str, form: str, *headers: str, host: str = at.PORTAL_HOST) -> bytes:
    lines = "".join(f"{header}\r\n" for header in headers)
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\n{FORM}Content-Length: {len(form)}\r\n"
    return f"{head}{lines}\r\n{form}".encode("latin-1")


INJECTIONS = {
    "markup in the path": get(f"/<script>{MARK}</script>"),
    "markup, encoded": get(f"/%3Cscript%3E{MARK}%3C/script%3E"),
    "markup in the query": get(f'/?lang="><b>{MARK}</b>&text={MARK}'),
    "markup in the host": get("/", host=f"<b>{MARK}</b>"),
    "markup in the agent": get("/", f"User-Agent: <script>{MARK}</script>"),
    "markup in the referrer": get("/", f"Referer: http://{MARK}/<script>"),
    "markup in the language": get("/", f"Accept-Language: {MARK}<script>"),
    "a new line in the path": get(f"/%0d%0aSet-Cookie:%20{MARK}=1"),
    "a new line in the query": get(f"/?lang=en%0d%0aLocation:%20http://{MARK}/"),
    "a new line in the host": get("/", host=f"{at.PORTAL_HOST}\r\nX-{MARK}: 1"),
    "a bare line feed": f"GET / HTTP/1.1\nHost: {at.PORTAL_HOST}\nX: {MARK}\n\n".encode(),
    "a bare carriage return": f"GET / HTTP/1.1\r\n{HOST}X: a\r{MARK}: b\r\n\r\n".encode(),
    "a folded header": f"GET / HTTP/1.1\r\n{HOST}X: a\r\n {MARK}\r\n\r\n".encode(),
    "a NUL in the path": get(f"/\0{MARK}"),
    "a NUL in a header": get("/", f"X: \0{MARK}"),
    "no UTF-8 in the path": get(f"/%ff%fe{MARK}?%c0%af={MARK}"),
    "raw bytes in the path": get(f"/\xff\xfe{MARK}"),
    "a surrogate in the query": get(f"/?lang=%ed%a0%80{MARK}"),
    "a way out of the folder": get(f"/a/../../../../etc/passwd?{MARK}"),
    "the same, encoded": get(f"/a/%2e%2e%2f%2e%2e%2fetc%2fpasswd%00{MARK}"),
    "a picture of our own making": get(f"/m/{MARK}.webp"),
    "a way out of the pictures": get(f"/m/..%2f..%2f{MARK}"),
    "a number that is none": get(f"/calculator?wage={MARK}&region={MARK}&hours=1{MARK}"),
    "a result that is none": get(f"/quiz/{MARK}/1.2.{MARK}"),
    "a page of articles that is none": get(f"/articles/{MARK}"),
    "a template": get(f"/a/{{{{7*7}}}}${{7*7}}{MARK}"),
    "a very deep path": get("/a" * 3000 + f"/{MARK}"),
    "thousands of parameters": get("/?" + "&".join(f"{MARK}{n}=1" for n in range(600))),
    "two hosts": get("/", f"Host: {MARK}"),
    "no host": f"GET /{MARK} HTTP/1.1\r\n\r\n".encode(),
    "HTTP/1.0 without a host": f"GET /{MARK} HTTP/1.0\r\n\r\n".encode(),
    "HTTP/0.9": f"GET /{MARK}\r\n\r\n".encode(),
    "a host with a port": get(f"/{MARK}", host=f"{at.PORTAL_HOST}:65536x"),
    "an IPv6 host left open": get("/", host=f"[::{MARK}"),
    "an origin left open": post("/accept", "", f"Origin: http://[{MARK}"),
    "a megabyte as a header": get("/", f"X: {MARK * 131_072}"),
    "64 KB of headers": get("/", *(f"X-{n}: {MARK * 8}" for n in range(900))),
    "64 KB of path": get(f"/{MARK * 8192}"),
    "TLS": bytes.fromhex("160301020001000001fc0303") + MARK.encode() * 63,
    "HTTP/2": f"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{MARK}".encode(),
    "SSH": f"SSH-2.0-{MARK}\r\n".encode(),
    "SMTP": f"EHLO {MARK}\r\nMAIL FROM:<{MARK}>\r\n".encode(),
    "an unknown method": f"{MARK.upper()} / HTTP/1.1\r\n{HOST}\r\n".encode(),
    "a broken method": f"G<{MARK} / HTTP/1.1\r\n{HOST}\r\n".encode(),
    "an unknown version": f"GET /{MARK} HTTP/9.9\r\n{HOST}\r\n".encode(),
    "options of everything": f"OPTIONS * HTTP/1.1\r\n{HOST}X: {MARK}\r\n\r\n".encode(),
    "trace": f"TRACE /{MARK} HTTP/1.1\r\n{HOST}X: {MARK}\r\n\r\n".encode(),
    "a web socket": get("/", "Upgrade: websocket", "Connection: Upgrade") + MARK.encode() * 100,
    "an unknown expectation": post("/accept", MARK, f"Expect: {MARK}"),
}
FORMS = {
    "a length that is no number": f"POST /accept HTTP/1.1\r\n{HOST}Content-Length: {MARK}\r\n\r\n",
    "a negative length": f"POST /accept HTTP/1.1\r\n{HOST}Content-Length: -1\r\n\r\n{MARK}",
    "two lengths": f"POST /accept HTTP/1.1\r\n{HOST}Content-Length: 3\r\nContent-Length: 8\r\n\r\n"
    f"{MARK}",
    "a length and chunks": f"POST /accept HTTP/1.1\r\n{HOST}Content-Length: 3\r\n"
    f"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /{MARK} HTTP/1.1\r\n{HOST}\r\n",
    "chunks that are none": f"POST /accept HTTP/1.1\r\n{HOST}{FORM}"
    f"Transfer-Encoding: chunked\r\n\r\n{MARK}\r\n{MARK}\r\n",
    "a chunk without end": f"POST /accept HTTP/1.1\r\n{HOST}{FORM}"
    f"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{MARK}",
    "an unknown coding": f"POST /accept HTTP/1.1\r\n{HOST}{FORM}Transfer-Encoding: {MARK}\r\n\r\n",
    "a charset of its own": f"POST /accept HTTP/1.1\r\n{HOST}Content-Length: 8\r\n"
    f"Content-Type: application/x-www-form-urlencoded; charset={MARK}\r\n\r\n{MARK}",
    "escapes for a charset": f"POST /accept HTTP/1.1\r\n{HOST}Content-Length: 17\r\n"
    "Content-Type: application/x-www-form-urlencoded; charset=unicode_escape\r\n\r\n"
    "conditions=\\ud800",
    "no UTF-8": f"POST /accept HTTP/1.1\r\n{HOST}{FORM}Content-Length: 11\r\n\r\n\xff=\xfe{MARK}",
    "a surrogate": post("/accept", f"conditions=%ed%a0%80{MARK}").decode("latin-1"),
    "no gzip": f"POST /accept HTTP/1.1\r\n{HOST}{FORM}Content-Encoding: gzip\r\n"
    f"Content-Length: 8\r\n\r\n{MARK}",
    "a form with files": f"POST /accept HTTP/1.1\r\n{HOST}Content-Length: 8\r\n"
    f"Content-Type: multipart/form-data; boundary={MARK}\r\n\r\n{MARK}",
    "a type that is none": f"POST /accept HTTP/1.1\r\n{HOST}Content-Length: 8\r\n"
    f'Content-Type: ;;="{MARK}\r\n\r\n{MARK}',
    "a form of 64 KB": post("/accept", "conditions=" + MARK * 8192).decode("latin-1"),
    "a form on a page": post("/", MARK).decode("latin-1"),
    "no fault": post("/fault", f"form={MARK}&kind={MARK}&more={MARK}").decode("latin-1"),
    "no question": post("/ask", f"form={MARK}&text={MARK}").decode("latin-1"),
    "no poll": post(f"/poll/{MARK}", f"form={MARK}&choice={MARK}").decode("latin-1"),
    "no quiz": post(f"/quiz/{MARK}", f"form={MARK}&q0={MARK}").decode("latin-1"),
    "no draw": post(f"/quiz/{MARK}/draw", f"form={MARK}&name={MARK}").decode("latin-1"),
    "no code": post("/draw/leave", f"form={MARK}&code={MARK}").decode("latin-1"),
    "a form on an article": post(f"/a/{MARK}", MARK).decode("latin-1"),
}


@pytest.mark.parametrize("said", INJECTIONS.values(), ids=INJECTIONS)
def test_nothing_said_is_repeated(phone: Phone, said: bytes) -> None:
    assert harmless(say(phone, said)) in (0, 200, 302, 303, 400, 404, 405)
    assert is_captive(phone)


@pytest.mark.parametrize("said", FORMS.values(), ids=FORMS)
def test_a_form_that_is_none_grants_nothing(phone: Phone, said: str) -> None:
    assert harmless(say(phone, said.encode("latin-1"))) in (302, 303, 400, 405)
    assert is_captive(phone)


def test_a_form_that_never_comes_whole_leaves_no_error(phone: Phone) -> None:
    said = post("/accept", MARK * 10)[:-20]
    with phone.network(), socket.create_connection((at.GATEWAY4, 80), timeout=5) as connection:
        connection.sendall(said)

    assert is_captive(phone)


REDIRECTS = [
    f"{path}?{name}={target}"
    for path in ("/", "/accept", "/leave", "/status", "/login")
    for name in ("url", "next", "dst", "redirect", "continue", "userurl", "lang")
    for target in (f"http://{MARK}/", f"//{MARK}", f"%5c%5c{MARK}", f"javascript:{MARK}")
]
TARGETS = [
    f"//{MARK}/",
    f"/\\{MARK}/",
    f"\\\\{MARK}/",
    f"///{MARK}/%2e%2e",
    f"/%2f%2f{MARK}",
    f"/.{MARK}",
    f"/@{MARK}/",
    f"http://{MARK}/",
    f"http://{at.PORTAL_HOST}@{MARK}/",
    f"http://{at.PORTAL_HOST}.{MARK}/",
    f"https://{MARK}:443/",
    f"ftp://{MARK}/",
    f"javascript:{MARK}",
    MARK,
]
FOREIGN_HOSTS = [
    MARK,
    f"{MARK}:80",
    f"{at.PORTAL_HOST}.{MARK}",
    f"{MARK}.{at.PORTAL_HOST}",
    f"{at.PORTAL_HOST}:{MARK}",
    f"{at.PORTAL_HOST}@{MARK}",
    f"{at.PORTAL_HOST}/{MARK}",
    f"{at.PORTAL_HOST}#{MARK}",
    at.GATEWAY4,
    f"[{at.GATEWAY6}]",
    "",
]


def test_nobody_is_sent_to_a_foreign_host(phone: Phone, token: str) -> None:
    for target in (*REDIRECTS, *TARGETS):
        for said in (get(target), post(target, f"conditions=x&url=http://{MARK}/")):
            assert harmless(say(phone, said)) in (0, 200, 302, 303, 400, 404, 405), target
    for host in FOREIGN_HOSTS:
        assert harmless(say(phone, get("/accept", host=host))) in (302, 400), host
        said = post("/accept", f"conditions={token}", host=host)
        assert harmless(say(phone, said)) in (302, 400), host

    assert is_captive(phone)


CROSS_SITE: Mapping[str, Callable[[str], bytes]] = {
    "GET": lambda t: get(f"/accept?conditions={t}"),
    "HEAD": lambda t: f"HEAD /accept?conditions={t} HTTP/1.1\r\n{HOST}\r\n".encode(),
    "a prefetch": lambda t: get(f"/accept?conditions={t}", "Purpose: prefetch"),
    "PUT": lambda t: post("/accept", f"conditions={t}").replace(b"POST", b"PUT", 1),
    "another site's form": lambda t: post("/accept", f"conditions={t}", f"Origin: http://{MARK}"),
    "an origin that hides": lambda t: post("/accept", f"conditions={t}", "Origin: null"),
    "an origin that looks like ours": lambda t: post(
        "/accept", f"conditions={t}", f"Origin: http://{at.PORTAL_HOST}.{MARK}"
    ),
    "an origin with our name before the @": lambda t: post(
        "/accept", f"conditions={t}", f"Origin: http://{at.PORTAL_HOST}@{MARK}"
    ),
    "cross-site, says the browser": lambda t: post(
        "/accept", f"conditions={t}", "Sec-Fetch-Site: cross-site"
    ),
    "same-site, says the browser": lambda t: post(
        "/accept", f"conditions={t}", "Sec-Fetch-Site: same-site"
    ),
    "no token": lambda _: post("/accept", ""),
    "an empty token": lambda _: post("/accept", "conditions="),
    "a wrong token": lambda t: post("/accept", f"conditions={t[::-1]}x"),
    "half a token": lambda t: post("/accept", f"conditions={t[:8]}"),
    "a token in the query": lambda t: post(f"/accept?conditions={t}", ""),
    "a token in JSON": lambda t: post("/accept", f'{{"conditions":"{t}"}}').replace(
        b"application/x-www-form-urlencoded", b"application/json"
    ),
    "a token as plain text": lambda t: post("/accept", f"conditions={t}").replace(
        b"application/x-www-form-urlencoded", b"text/plain"
    ),
    "a token in chunks": lambda t: (
        f"POST /accept HTTP/1.1\r\n{HOST}{FORM}Transfer-Encoding: chunked\r\n\r\n"
        f"{len(t) + 11:x}\r\nconditions={t}\r\n0\r\n\r\n"
    ).encode(),
}


@pytest.mark.parametrize("attack", CROSS_SITE.values(), ids=CROSS_SITE)
def test_only_a_tap_on_our_own_page_grants(
    phone: Phone, token: str, attack: Callable[[str], bytes]
) -> None:
    assert harmless(say(phone, attack(token))) in (302, 303, 405)
    assert is_captive(phone)


def test_who_asks_is_told_by_the_packet_alone(lab: Lab, phone: Phone, token: str) -> None:
    """A phone that claims in every known way to be another opens its own door, not the other's."""
    other = lab.phone()
    other.join()
    mac, ip4, ip6 = phone.mac, phone.ip4, phone.ip6
    claims = (
        *(f"{name}: {ip4}" for name in ("X-Forwarded-For", "X-Real-IP", "Client-IP", "True-IP")),
        f"Forwarded: for={ip4}",
        f"X-Client-MAC: {mac}",
        f"Via: 1.1 {ip4}",
    )
    said = f"conditions={token}&mac={mac}&ip={ip4}&ip6={ip6}&device={mac}&client_mac={mac}"
    path = f"/accept?mac={mac}&ip={ip4}&clientip={ip4}&id={mac}"

    assert harmless(say(other, post(path, said, *claims))) == 303

    assert not is_captive(other)
    assert is_captive(phone)
    # Nor does it close another's.
    assert harmless(say(phone, post(f"/leave?mac={other.mac}&ip={other.ip4}", said))) == 303
    assert not is_captive(other)
    assert harmless(say(other, post("/leave", f"conditions={token}"))) == 303
    assert is_captive(other)


def test_it_is_no_proxy(phone: Phone) -> None:
    website = at.WEBSITE4
    for said in (
        f"CONNECT {website}:80 HTTP/1.1\r\nHost: {website}:80\r\n\r\nGET / HTTP/1.0\r\n\r\n",
        f"GET http://{website}/bytes/9 HTTP/1.1\r\nHost: {website}\r\n\r\n",
        f"GET http://{website}/bytes/9 HTTP/1.1\r\n{HOST}\r\n",
        f"GET http://{website}:80/bytes/9 HTTP/1.0\r\n\r\n",
    ):
        assert harmless(say(phone, said.encode())) == 302, said
    for port in (3128, 8080, 8118, 1080):
        for address in (at.GATEWAY4, at.WEBSITE4, at.GATEWAY6, at.WEBSITE6):
            with pytest.raises(OSError, match=r"refused|reset"):
                say(phone, get("/"), port=port, address=address)


def test_one_connection_gets_one_answer(phone: Phone) -> None:
    """Requests in a row, and requests hidden behind a form, are not answered."""
    for said in (
        SPLASH * 50,
        SPLASH + post("/accept", MARK) + SPLASH,
        post("/accept", "conditions=x") + SPLASH * 500,
    ):
        answer = say(phone, said)
        harmless(answer)
        assert answer.count(b"HTTP/1.1 ") == 1


def test_a_compressed_form_stays_compressed(lab: Lab, phone: Phone) -> None:
    """64 MiB of nothing, in 64 KB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    head = f"POST /accept HTTP/1.1\r\n{HOST}{FORM}Content-Encoding: gzip\r\n"
    before = resident(lab)

    for _ in range(10):
        say(phone, f"{head}Content-Length: {len(bomb)}\r\n\r\n".encode() + bomb)

    assert resident(lab) - before < 4


def test_plain_words_on_the_secure_port(phone: Phone) -> None:
    for said in (SPLASH, MARK.encode() * 100, b"\x16\x03\x01\xff\xff" + bytes(70000)):
        assert harmless(say(phone, said, port=HTTPS_PORT)) == 0


def test_the_secure_port_repeats_nothing_either(phone: Phone) -> None:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        phone.network(),
        socket.create_connection((at.GATEWAY4, 443), timeout=5) as plain,
        context.wrap_socket(plain) as secure,
    ):
        secure.sendall(f"G<{MARK} / HTTP/1.1\r\n\r\n".encode())
        answer = secure.recv(65536)

    assert harmless(answer) == 400


def _nonsense(chance: random.Random) -> bytes:
    """A request with a few things wrong, or nothing right."""
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(1, 3000))
    mild = (
        MARK,
        ":",
        "/",
        "%",
        "%00",
        "..",
        "<",
        '"',
        "?",
        "#",
        "&",
        "=",
        "[",
        "0",
        "-1",
        "%0d%0a",
    )
    wild = (
        *mild,
        "\r\n",
        "\r",
        "\n",
        "\0",
        " ",
        "HTTP/1.1",
        "Host",
        "Content-Length",
        "chunked",
        "ÿ",
    )
    if kind == 1:
        return "".join(chance.choices(wild, k=chance.randrange(1, 200))).encode("latin-1")

    def some(words: tuple[str, ...], most: int) -> str:
        return "".join(chance.choices(words, k=chance.randrange(most)))

    method = chance.choice(("GET", "POST", "POST", "HEAD", "PUT", "CONNECT", "OPTIONS", "M-SEARCH"))
    target = chance.choice(("/", "/accept", "/status", "/a/", "//", "*", "http://[", "/?lang="))
    host = chance.choice((at.PORTAL_HOST, at.PORTAL_HOST, some(mild, 3)))
    said = bytearray(
        f"{method} {target}{some(mild, 4)} HTTP/1.1\r\nHost: {host}\r\nOrigin: {some(mild, 4)}\r\n"
        f"Content-Type: application/x-www-form-urlencoded;{some(mild, 4)}\r\n"
        f"Content-Length: {chance.choice((0, 8, 8, 8, 99999))}\r\n"
        f"X: {some(mild, 9)}\r\n\r\n{MARK}".encode("latin-1")
    )
    if kind == 3:
        for _ in range(chance.randrange(1, 8)):
            said[chance.randrange(len(said))] = chance.randrange(256)
    return bytes(said)


def test_thousands_of_nonsense_requests(lab: Lab, phone: Phone) -> None:
    before = resident(lab)

    def attack(seed: int) -> set[int]:
        chance = random.Random(seed)
        found = set()
        with phone.network():
            for _ in range(250):
                with socket.create_connection((at.GATEWAY4, 80), timeout=10) as connection:
                    answer = b""
                    # The portal waits for the rest of what is cut short; this phone does not.
                    connection.settimeout(0.2)
                    with suppress(OSError):
                        connection.sendall(_nonsense(chance))
                        while block := connection.recv(65536):
                            answer += block
                found.add(harmless(answer))
        return found

    with ThreadPoolExecutor(12) as pool:
        found = set().union(*pool.map(attack, range(12)))

    assert found <= {0, 200, 302, 303, 400, 404, 405}
    assert {302, 303, 400} <= found
    assert resident(lab) - before < 10
    assert status_of(say(phone, SPLASH)) == 200
    assert is_captive(phone)


def test_pages_name_no_program_and_no_version(phone: Phone) -> None:
    for said in (SPLASH, get("/nowhere"), get("/captive-portal/api"), b"x\r\n"):
        answer = say(phone, said)
        assert not re.search(rb"aiohttp|python|nginx|traceback", answer, re.IGNORECASE)


def test_the_portal_is_at_its_ports_only(phone: Phone) -> None:
    """The port it really listens on is no way round: it asks the same of everybody."""
    assert harmless(say(phone, get("/", host=MARK), port=HTTP_PORT)) == 302
    refused = phone.fetch(f"http://{at.GATEWAY4}:2081/")
    assert isinstance(refused, NoAnswer)

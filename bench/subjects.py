"""Those who are compared, each as something that serves the crowd on the same gateway.

Only one stands at a time. nginx stands in our place: behind our rules, which stay in the kernel
when our daemon stops, it answers the captive check with the same redirect and then sends the
same bytes of our splash page from a file. It knows no devices and opens nothing; it is the
floor for what a page can cost.
"""

import contextlib
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.browsing import Response, burst, splash, together
from bench.figures import NGINX, OPENNDS, OURS, Subject
from bench.opennds import OpenNDS
from bench.site import BenchSite
from portal import control
from portal.demo.addresses import INTERNET4, PORTAL_HOST
from portal.demo.host import LabError
from portal.demo.lab import HTTP_PORT

MOST_DEVICES: Final = 6000

_NGINX = """
daemon off;
user root;
worker_processes 1;
error_log stderr warn;
pid {folder}/pid;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_timeout 0;
    etag off;
    server_tokens off;
    client_body_temp_path {folder}/body;
    server {{
        listen {port} default_server backlog=1024;
        return 302 http://{host}/;
    }}
    server {{
        listen {port};
        server_name {host};
        root {folder};
        types {{ }}
        default_type "text/html; charset=utf-8";
        location = / {{
            rewrite ^ /splash break;
            {headers}
        }}
    }}
}}
"""
_NGINX_SETS = ("connection", "content-length", "content-type", "date", "etag", "server", "location")


@dataclass(frozen=True, slots=True)
class Standing:
    """A subject that serves now."""

    name: Subject
    pid: int
    site: BenchSite
    taps: int
    """How many buttons lead from the splash page to the Internet."""
    opennds: OpenNDS | None = None

    def withhold(self, macs: list[str]) -> None:
        """Make these devices captive again."""
        for mac in macs:
            if self.opennds is not None:
                self.opennds.ndsctl("deauth", mac)
            else:
                with contextlib.suppress(control.Refused):
                    tell(self.site, "revoke", mac)


def tell(site: BenchSite, command: str, mac: str) -> control.Answer:
    """What an operator tells our daemon, without starting the operator's command."""
    path = site.lab.folder / "run" / "control.sock"
    return control.ask(path, {"command": command, "mac": mac})


@contextlib.contextmanager
def ours(site: BenchSite) -> Iterator[Standing]:
    """Our daemon. Its rules stay in the kernel afterwards; see `cleaned`."""
    process = site.lab.start_portal({"session": {"max_devices": MOST_DEVICES}})
    try:
        # It listens for phones a moment before it listens for operators.
        site.gateway.wait_until(lambda: _obeys(site), "the daemon obeys", process=process)
        yield Standing(OURS, process.pid, site, taps=1)
    finally:
        site.lab.portal_stop()


def cleaned(site: BenchSite) -> None:
    """Take our rules out of the kernel; our daemon must not run."""
    done = site.lab.portal_command("cleanup")
    if done.returncode != 0:
        raise LabError(done.stderr)


def forget(site: BenchSite) -> None:
    """Take away what our daemon has written down, as before its first start ever."""
    for file in (site.lab.folder / "data").glob("*"):
        file.unlink()


def our_splash(site: BenchSite) -> Response:
    """The splash page as the daemon that stands sends it."""
    with site.crowd.network():
        (page,) = together([splash(site.phones[0])], 10)
    if page is None:
        raise LabError("the splash page does not come")
    return page


@contextlib.contextmanager
def nginx(site: BenchSite, page: Response) -> Iterator[Standing]:
    """nginx with one worker, serving `page` in our daemon's place."""
    folder = site.lab.folder / "nginx"
    folder.mkdir(exist_ok=True)
    (folder / "splash").write_bytes(page.body)
    headers = " ".join(
        f'add_header {name} "{value}";'
        for name, value in page.headers.items()
        if name not in _NGINX_SETS
    )
    text = _NGINX.format(folder=folder, port=HTTP_PORT, host=PORTAL_HOST, headers=headers)
    (folder / "nginx.conf").write_text(text)
    process = site.gateway.popen(
        _program("nginx"), "-e", "stderr", "-c", folder / "nginx.conf", log="nginx"
    )
    try:
        site.gateway.wait_until(lambda: _serves(site), "nginx serves", process=process, log="nginx")
        yield Standing(NGINX, process.pid, site, taps=0)
    finally:
        _end(process)


@contextlib.contextmanager
def opennds(site: BenchSite) -> Iterator[Standing]:
    """openNDS; our rules must not stand."""
    # It looks for the upstream router in the neighbour table and gives up without.
    site.gateway.must("ping", "-c", "1", "-W", "2", INTERNET4)
    peer = OpenNDS(site)
    try:
        process = peer.start()
        site.gateway.wait_until(
            lambda: _serves(site), "openNDS serves", process=process, log="opennds", seconds=60
        )
        time.sleep(2)  # It looks for its upstream router once more before it is steady.
        yield Standing(OPENNDS, process.pid, site, taps=2, opennds=peer)
    finally:
        peer.close()


def _obeys(site: BenchSite) -> bool:
    try:
        control.ask(site.lab.folder / "run" / "control.sock", {"command": "status"})
    except control.NotRunning:
        return False
    return True


def _serves(site: BenchSite) -> bool:
    with site.crowd.network():
        came, _, _ = burst(site.phones[:1], 5)
    return bool(came)


def _program(name: str) -> str:
    found = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if found is None:
        raise LabError(f"{name} is not installed; run scripts/setup --bench")
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

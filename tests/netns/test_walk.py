"""`portal demo`, as people start it: with root and without, to the end and interrupted."""

import re
import shutil
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.demo.browser import forms
from portal.demo.lab import API_URI, Lab
from portal.demo.walk import SESSION_SECONDS, STEPS, walk

pytestmark = pytest.mark.netns

_ROOT = Path(__file__).parents[2]
_DEMO = (sys.executable, "-m", "portal", "demo")


def _once(*before: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, *_DEMO, "--once"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd="/",
    )


def _claims(output: str) -> list[str]:
    return re.findall(r"^ *\d+\. (.*?) +ok +\d+ ms", output, flags=re.MULTILINE)


def test_the_walk_holds_and_exits_0() -> None:
    done = _once()

    assert _claims(done.stdout) == [claim for claim, _ in STEPS], done.stdout
    assert (done.returncode, done.stderr) == (0, "")


def test_the_walk_holds_without_root() -> None:
    nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    able = subprocess.run(
        [*nobody, "unshare", "--user", "--map-root-user", sys.executable, "-c", "import portal"],
        capture_output=True,
        check=False,
        cwd="/",
    )
    if able.returncode != 0:
        pytest.skip("an ordinary user may not make user namespaces here, or not read the source")

    done = _once(*nobody)

    assert _claims(done.stdout) == [claim for claim, _ in STEPS], done.stdout
    assert done.returncode == 0


def test_a_step_that_does_not_hold_is_told_and_ends_the_walk(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.start_internet()
    lab.start_dns_dhcp(api_uri=API_URI)
    lab.start_portal({"session": {"length": f"{SESSION_SECONDS}s"}}, https=True)
    lab.gateway.must("nft", "delete", "table", "inet", "portal")
    lab.portal_kill()

    assert not walk(lab)

    assert "FAILED" in capsys.readouterr().out


@pytest.fixture
def demo() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(_DEMO, stdout=subprocess.PIPE, text=True) as process:
        yield process
        if process.poll() is None:
            process.kill()


def test_after_the_walk_the_portal_is_in_the_machines_own_browser_until_interrupted(
    demo: subprocess.Popen[str],
) -> None:
    assert demo.stdout is not None
    url = next(found[0] for line in demo.stdout if (found := re.search(r"http://127\S+/", line)))
    browser = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    with browser.open(url, timeout=10) as splash:
        page = splash.read().decode()
    accept = next(form for form in forms(page, url) if form.url.endswith("/accept"))
    data = urllib.parse.urlencode(accept.fields).encode()
    tap = urllib.request.Request(accept.url, data, {"Origin": url.rstrip("/")})
    with browser.open(tap, timeout=10) as after:
        shown = (after.status, after.url)
    demo.send_signal(signal.SIGINT)

    assert shown == (200, f"{url}status")
    assert demo.wait(20) == 0


def test_scripts_run_is_the_demonstration() -> None:
    script = _ROOT / "scripts" / "run"

    assert shutil.which(str(script)) is not None
    assert 'exec .venv/bin/portal demo "$@"' in script.read_text()

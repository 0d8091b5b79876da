"""The site's own process: what it gives up, and how it is started again."""

import subprocess
import sys

from portal.staff_site import next_pause


def test_every_capability_is_given_up() -> None:
    script = (
        "from portal.staff import privileges; privileges.give_up();"
        "print(privileges.held(), 'NoNewPrivs:\\t1' in open('/proc/self/status').read())"
    )

    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert said.stdout.split() == ["0", "True"]


def test_it_is_started_again_at_once_and_then_ever_more_slowly() -> None:
    pauses, pause = [], 0.0
    for _ in range(8):
        pause = next_pause(pause, lasted=0.5)
        pauses.append(pause)

    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert next_pause(60, lasted=3600) == 1

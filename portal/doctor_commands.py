"""The commands of who puts the gateway up: `portal doctor`."""

import argparse
import json
import os
import time
from collections.abc import Callable

from portal.config import load


def add(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Make them; `command(name, does, help, reads=...)` makes one."""
    doctor = command(
        "doctor", _doctor, "Check this gateway; say what to do where it fails.", reads=True
    )
    doctor.add_argument("--lang", choices=("vi", "en"), help="language; else as LANG says")
    doctor.add_argument(
        "--speed", action="store_true", help="load a file, to see how fast the line is"
    )
    doctor.add_argument(
        "--save", action="store_true", help="keep the result in data_dir, for the handover sheet"
    )


def _doctor(options: argparse.Namespace) -> int:
    # Not at the top: the other commands do without all this.
    from portal.doctor import saved
    from portal.doctor.examine import examine
    from portal.doctor.finding import language_of

    locale = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    language = options.lang or language_of(locale)
    findings = examine(options.config, with_speed=options.speed)
    told = [finding.told(language) for finding in findings]
    if options.json:
        print(json.dumps([each.as_dict() for each in told], ensure_ascii=False))
    else:
        for each in told:
            print(each)
    if options.save:
        saved.save(load(options.config), findings, time.time())
    return 0 if all(each.good for each in told) else 1

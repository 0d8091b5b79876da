"""`portal demo`: the walk, then the user portal and the staff pages in this machine's browser until
Ctrl-C.

Nothing of this machine's network or firewall is touched. Without root everything happens in a
user namespace; the only things made outside of it are two sockets on 127.0.0.1.
"""

import argparse
import contextlib
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from portal.demo import desk, relay
from portal.demo.host import LabError
from portal.demo.lab import API_URI, Lab
from portal.demo.walk import SESSION_SECONDS, walk

_USER_NAMESPACE = ("unshare", "--user", "--map-root-user", "--net")
_HINT = (
    "  run it as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1,"
    " kernel.apparmor_restrict_unprivileged_userns=0)"
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration; 0 if every step of the walk held."""
    parser = argparse.ArgumentParser(
        prog="portal demo", description="The whole system on this machine, in namespaces."
    )
    parser.add_argument("--once", action="store_true", help="stop after the walk")
    parser.add_argument("--listeners", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(
            line_buffering=True
        )  # Steps are seen as they happen, also in a pipe.
    if options.listeners is not None:
        listener, desk_listener = (socket.socket(fileno=number) for number in options.listeners)
    else:
        # Now, because a user namespace has no way back to 127.0.0.1.
        listener, desk_listener = relay.listen(8880), relay.listen(8881)
    with listener, desk_listener:
        if os.geteuid() != 0:
            if (why := _why_no_user_namespace()) is not None:
                print(f"portal demo: no user namespace here: {why}\n{_HINT}", file=sys.stderr)
                return 1
            _again_as_root_of_a_namespace(listener, desk_listener, once=options.once)
        signal.signal(signal.SIGTERM, _interrupt)
        try:
            return _demonstrate(listener, desk_listener, once=options.once)
        except LabError as error:
            print(f"portal demo: {error}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            print("\nEnded; nothing is left behind.")
            return 1


def _demonstrate(listener: socket.socket, desk_listener: socket.socket, *, once: bool) -> int:
    begun = time.monotonic()
    with Lab() as lab:
        print("The Internet, an access point with the real daemon, and phones, on this machine:")
        lab.start_internet()
        lab.start_dns_dhcp(api_uri=API_URI)
        lab.start_portal({"session": {"length": f"{SESSION_SECONDS}s"}}, https=True)
        print(f"everything runs after {(time.monotonic() - begun) * 1000:.0f} ms\n")
        if not walk(lab):
            print(f"\nThe daemon said:\n{lab.gateway.read_log('portal')}")
            return 1
        print("\nEvery step held.")
        if once:
            return 0
        lab.start_portal({"staff": {"site": True}}, https=True)
        password, secret = desk.make_staff(lab)
        desk.open_desk(desk_listener, lab.gateway)
        port = listener.getsockname()[1]
        print(f"The user portal, as a phone sees it: http://127.0.0.1:{port}/   (Ctrl-C ends)")
        desk_port = desk_listener.getsockname()[1]
        print(f"The staff pages:                    http://127.0.0.1:{desk_port}/")
        print(f"  {desk.AUTHOR} writes, {desk.APPROVER} approves; the password of both: {password}")
        desk.tell_codes(secret)
        visitor = lab.phone()
        visitor.join()
        with contextlib.suppress(KeyboardInterrupt):
            relay.show_portal(listener, visitor)
        print("\nEnded; nothing is left behind.")
        return 0


def _why_no_user_namespace() -> str | None:
    """What the machine says when asked for a user namespace; None if it grants one."""
    tried = subprocess.run([*_USER_NAMESPACE, "true"], capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode != 0 else None


def _again_as_root_of_a_namespace(*listeners: socket.socket, once: bool) -> NoReturn:
    """Become this program again, as root of a user namespace, with the same listeners."""
    for listener in listeners:
        listener.set_inheritable(True)
    again = [*_USER_NAMESPACE, sys.executable, "-m", "portal.demo"]
    again += ["--listeners", *(str(each.fileno()) for each in listeners)]
    again += ["--once"] if once else []
    sys.stdout.flush()
    os.execvp(again[0], again)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

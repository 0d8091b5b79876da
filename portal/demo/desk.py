"""Staff of the demonstration: their accounts, and the staff pages in this machine's browser."""

import asyncio
import contextlib
import secrets
import socket
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from portal.demo.host import Host, LabError
from portal.demo.lab import Lab
from portal.staff import totp
from portal.staff.accounts import Accounts

AUTHOR: Final = "Chị Hoa"
APPROVER: Final = "Anh Minh"
_PORT: Final = 2081
_BLOCK: Final = 64 * 1024


def make_staff(lab: Lab) -> tuple[str, str]:
    """An author, and who approves and administers; their password, and the second one's secret.

    The shipped texts become the author's drafts, so that there is something to send to review.
    """
    password, secret, now = secrets.token_urlsafe(9), totp.new_secret(), time.time()
    with closing(Accounts(Path(lab.folder) / "data" / "staff.db")) as accounts:
        accounts.add(AUTHOR, password, ["author"], [], now)
        approver = accounts.add(APPROVER, password, ["approver", "administrator"], [], now)
        # As the app of a telephone would be set up, which nobody has at hand here.
        shown = accounts.who(accounts.sign_in(approver, now), now)
        assert shown is not None
        accounts.secret(shown, secret)
        accounts.open(shown, int(now) // totp.STEP_SECONDS - 2, now)
    imported = lab.portal_command("content", "import", "--samples", "--by", AUTHOR)
    if imported.returncode != 0:
        raise LabError(f"the samples could not be imported: {imported.stderr}")
    return password, secret


def open_desk(listener: socket.socket, gateway: Host) -> None:
    """Lead connections to `listener` to the staff address on the gateway, by a thread."""

    def serve() -> None:
        with gateway.network():
            asyncio.run(_relay(listener))

    threading.Thread(target=serve, daemon=True).start()


def tell_codes(secret: str) -> None:
    """Say the code of the app now, and every new one where somebody watches; for ever."""

    def tell() -> None:
        while True:
            code = totp.code_at(secret, int(time.time()) // totp.STEP_SECONDS)
            print(f"\r  code of {APPROVER} now: {code} ", end="", flush=True)
            time.sleep(totp.STEP_SECONDS - time.time() % totp.STEP_SECONDS)

    if sys.stdout.isatty():
        threading.Thread(target=tell, daemon=True).start()
    else:
        print(f"  secret of {APPROVER}'s code app: {secret}")


async def _relay(listener: socket.socket) -> None:
    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            there, here = await asyncio.open_connection("127.0.0.1", _PORT)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_pour(reader, here))
                tasks.create_task(_pour(there, writer))

    server = await asyncio.start_server(pass_on, sock=listener)
    async with server:
        await server.serve_forever()


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Until one side ends."""
    with contextlib.suppress(OSError):
        while data := await source.read(_BLOCK):
            sink.write(data)
            await sink.drain()
    sink.close()

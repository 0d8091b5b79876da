"""Carries nft text by python-nftables, the binding of libnftables (ADR 0002).

One context on one thread: a context shared by threads crashes the process (measured).
The thread belongs to the network namespace of whoever makes the carrier.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from firewall.enforcer import EnforcementError
from firewall.nft import refusal


class LibNftables:
    """A libnftables context.

    Raises:
        EnforcementError: the binding or its library is not installed.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="nftables")
        try:
            self._context: Any = self._thread.submit(_open_context).result()
        except EnforcementError:
            self._thread.shutdown()
            raise

    async def run(self, script: str, *, check: bool = False) -> str:
        # A caller that gives up does not stop the thread, and the next script waits its turn.
        return await asyncio.get_running_loop().run_in_executor(
            self._thread, self._run, script, check
        )

    async def close(self) -> None:
        self._thread.submit(self._free)
        self._thread.shutdown()

    def _run(self, script: str, check: bool) -> str:
        self._context.set_dry_run(check)
        code, output, said = self._context.cmd(script)
        if code != 0:
            raise refusal("libnftables", said, script)
        return str(output)

    def _free(self) -> None:
        self._context = None


def _open_context() -> Any:
    try:
        import nftables  # Not at the top: a gateway without it uses `nft` instead.

        return nftables.Nftables()
    except (ImportError, OSError) as error:
        raise EnforcementError(
            f"python-nftables: {error}; install the package python3-nftables"
        ) from error

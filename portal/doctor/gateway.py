"""Looks at our own rules and at the running gateway."""

import asyncio
import os
from collections.abc import Iterator, Mapping
from typing import Any

from firewall.drivers import open_enforcer
from firewall.enforcer import EnforcementError
from portal import control
from portal.config import Config
from portal.doctor.finding import Finding, unseen
from portal.plan import plan_of


def check_rules(config: Config) -> None:
    """Have the firewall try our rules; nothing is changed.

    Raises:
        EnforcementError: it refuses them.
    """

    async def check() -> None:
        enforcer = open_enforcer(config.firewall.driver)
        try:
            await enforcer.check(plan_of(config))
        finally:
            await enforcer.close()

    asyncio.run(check())


def rules(config: Config) -> Iterator[Finding]:
    try:
        check_rules(config)
    except EnforcementError as error:
        yield Finding("rules", False, "bad", {"said": error})
    else:
        yield Finding("rules", True, "good")


def table(config: Config) -> Iterator[Finding]:
    """Whether our table is in the kernel: asked of the kernel, not of the gateway."""

    async def is_there() -> bool:
        enforcer = open_enforcer(config.firewall.driver)
        try:
            return await enforcer.admitted() is not None
        finally:
            await enforcer.close()

    if config.firewall.driver == "memory":  # It enforces nothing.
        return
    try:
        there = asyncio.run(is_there())
    except EnforcementError as error:
        yield unseen("table", "unseen", said=error)
    else:
        yield Finding("table", there, "there" if there else "gone")


def names_folder(config: Config) -> Iterator[Finding]:
    folder = config.uplink.names_dir
    if folder is not None:
        good = folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
        yield Finding("names folder", good, "good" if good else "bad", {"folder": folder})


def daemon(config: Config) -> Iterator[Finding]:
    try:
        status = control.ask(config.storage.run_dir / "control.sock", {"command": "status"})
    except control.NotRunning:
        yield Finding("gateway", False, "stopped")
    except (control.Refused, PermissionError) as error:
        yield Finding("gateway", False, "refuses", {"said": error})
    else:
        yield Finding("gateway", True, "running", {"devices": status["open_devices"]})
        stands = status["firewall"] == "stands"
        yield Finding("in force", stands, "good" if stands else "bad", {"said": status["firewall"]})
        yield _content(status)
        written = status["log"] == "written"
        yield Finding("log", written, "good" if written else "bad", {"said": status["log"]})


def _content(status: Mapping[str, Any]) -> Finding:
    values = {"release": status["content_release"], "said": status["content_source"]}
    if status["content_source"] not in ("none", "answers"):
        return Finding("content", False, "stale", values)
    if status["content_release"] is None:
        return Finding("content", True, "samples")
    return Finding("content", True, "shown", values)

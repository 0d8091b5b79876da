"""Which device asks, by its packet's address and the kernel, and whether it is online."""

from collections.abc import Callable
from typing import Protocol

from aiohttp.web_request import BaseRequest

from firewall.changes import MacAddress
from portal.events import EquipmentSeen
from portal.runner import Runner
from portal.session import Device


class Equipment(Protocol):
    """Who is behind an address; `portal.equipment.Neighbours` knows."""

    async def find(self, address: str) -> MacAddress | None: ...
    async def confirm(self, address: str) -> MacAddress | None: ...


class Asking:
    """Tells who asks."""

    def __init__(
        self, equipment: Equipment, runner: Runner, device: Callable[[MacAddress], Device]
    ) -> None:
        self._equipment = equipment
        self._runner = runner
        self.device = device

    async def mac(self, request: BaseRequest) -> MacAddress | None:
        """Who asks; gives the device back the session it had before a power cut."""
        mac = await self._equipment.find(request.remote or "")
        if mac is not None and self._runner.state.remembered:
            device = self.device(mac)
            if not self._runner.state.remembered.keys().isdisjoint(device.pseudonyms):
                await self._runner.submit(EquipmentSeen(device))
        return mac

    async def confirmed(self, request: BaseRequest) -> Device | None:
        """Who asks for a change: the kernel is asked anew, because addresses change hands."""
        mac = await self._equipment.confirm(request.remote or "")
        return None if mac is None else self.device(mac)

    async def is_open(self, request: BaseRequest) -> bool:
        """Whether who asks is online."""
        mac = await self.mac(request)
        return mac is not None and self.passes(mac)

    async def passes_already(self, request: BaseRequest) -> bool:
        """The same, and nothing follows from it."""
        mac = await self._equipment.find(request.remote or "")
        return mac is not None and self.passes(mac)

    def passes(self, mac: MacAddress) -> bool:
        return self._runner.session_of(mac) is not None

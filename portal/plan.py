"""The configuration as the firewall understands it."""

from firewall.plan import Plan
from firewall.ports import blocks
from firewall.shaping import Shaping
from portal.config import Config


def plan_of(config: Config) -> Plan:
    """The rules this configuration asks for."""
    return Plan(
        phones=config.interfaces.phones,
        uplink=config.interfaces.uplink,
        http_port=config.portal.http_port,
        https_port=config.portal.https_port,
        max_devices=config.session.max_devices,
        garden=config.walled_garden.prefixes,
        shaping=shaping_of(config),
        ports=blocks(config.session.max_devices) if config.privacy.profile == "sealed" else (),
    )


def shaping_of(config: Config) -> Shaping:
    """How this configuration wants the line to be shared."""
    line = config.fairness
    return Shaping(line.down_mbit, line.up_mbit, line.device_down_mbit, line.device_up_mbit)

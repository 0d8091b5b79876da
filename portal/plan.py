"""The configuration as the firewall understands it."""

from firewall.plan import Plan
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
    )

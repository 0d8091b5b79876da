"""What the configuration needs of this machine, and whether it is there."""

import socket
import ssl

from portal.config import Config


class StartError(Exception):
    """The daemon cannot start on this machine; the text says why and what to do."""


def problems(config: Config) -> list[str]:
    """What is missing here, each as a line that names the setting; empty if all is well."""
    here = [name for _, name in socket.if_nameindex()]
    found = [
        f'interfaces.{key} = "{name}"   no such interface; this machine has '
        + (", ".join(n for n in here if n != "lo") or "none")
        for key, name in (
            ("phones", config.interfaces.phones),
            ("uplink", config.interfaces.uplink),
        )
        if name not in here
    ]
    try:
        tls_context(config)
    except (OSError, ssl.SSLError) as error:
        found.append(
            f'portal.tls_cert = "{config.portal.tls_cert}"   certificate or key cannot be used:'
            f" {error.strerror or error}"
        )
    return found


def tls_context(config: Config) -> ssl.SSLContext | None:
    """How the API is served over https; None if it is not.

    Raises:
        OSError, ssl.SSLError: the certificate or its key cannot be read, or do not match.
    """
    web = config.portal
    if web.https_port is None or web.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(web.tls_cert, web.tls_key)
    return context

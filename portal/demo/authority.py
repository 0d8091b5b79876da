"""A certificate authority that lives as long as its folder. Phones of the laboratory trust it."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "7")


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM."""

    chain: Path
    key: Path


class Authority:
    """Signs certificates for any name; `certificate` is what phones have to trust."""

    def __init__(self, folder: Path) -> None:
        """Make the authority in `folder`, which must exist."""
        self._folder = folder
        self.certificate = folder / "authority.pem"
        self._key = folder / "authority.key"
        _request(self.certificate, self._key, "/CN=Laboratory authority")

    def sign(self, file_name: str, names: Iterable[str]) -> Certificate:
        """A new key with a certificate for all of `names`."""
        made = Certificate(self._folder / f"{file_name}.pem", self._folder / f"{file_name}.key")
        alternatives = ",".join(f"DNS:{name}" for name in names)
        _request(
            *(made.chain, made.key, f"/CN={file_name}"),
            *("-CA", str(self.certificate), "-CAkey", str(self._key)),
            *("-addext", f"subjectAltName={alternatives}"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
        )
        return made


def _request(certificate: Path, key: Path, subject: str, *more: str) -> None:
    subprocess.run(
        [
            *("openssl", "req", "-x509", *_NEW_KEY, "-subj", subject, *more),
            *("-out", str(certificate), "-keyout", str(key)),
        ],
        check=True,
        capture_output=True,
    )

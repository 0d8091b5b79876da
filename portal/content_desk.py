"""Opens what staff publish with: the store, the releases and the key, as the configuration says.

For the staff site and `portal content`; the daemon only shows releases.
"""

from pathlib import Path

from content_cache.manifest import BundleError
from content_cache.releases import Releases
from content_cache.signing import signer_of
from portal.config import Config
from portal.machine import StartError
from splash.content_store import BrokenContent, ContentStore
from splash.publishing import Press


class ContentError(StartError):
    """Content cannot be worked with; the text says why, and what was left as it was."""


def open_press(config: Config) -> Press:
    """The store, made if it is not there; a key, made if there is none.

    Raises:
        ContentError: something of it cannot be used; the message says why.
    """
    folder = config.storage.data_dir
    try:
        signer = signer_of(key_file(config))
        store = ContentStore(folder / "content.db")
    except (BrokenContent, BundleError) as error:
        raise ContentError(str(error)) from None
    except OSError as error:
        raise ContentError(f"{error.filename or folder}: {error.strerror}") from None
    releases, most_bytes = Releases(config.content_store), config.content.max_mb * 10**6
    return Press(store, releases, signer, config.organisation, most_bytes)


def key_file(config: Config) -> Path:
    """The secret that releases made here are signed with. Who has it speaks for the publisher."""
    return config.storage.data_dir / "content-signing.key"


def trusted_key(config: Config, own: str) -> str:
    """Whose releases are shown here; `own` is the key of those made here."""
    return config.content.public_key or own


def foreign(config: Config, own: str) -> str | None:
    """Why nothing can be published here: this gateway shows somebody else's releases."""
    if trusted_key(config, own) == own:
        return None
    return (
        f'content.public_key = "{config.content.public_key}": this gateway shows the releases of'
        f" that key; publish where it is, or delete the setting (the key here is {own})"
    )

"""Accounts of staff and their sign-ins: the SQLite file `data_dir/staff.db`.

Apart from the content, so that content can be copied and handed on without anybody's password.
Synchronous and for one thread. What is kept of a password is in `portal.staff.passwords`; of a
sign-in only a hash of its cookie is, so that who reads the file cannot use one.
"""

import hashlib
import os
import re
import secrets
import sqlite3
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlite_utils
from sqlite_utils.migrations import Migrations

from content_cache.sqlite_files import needs_migration
from portal.staff import passwords
from portal.staff.words import Said
from splash.site import SITE_ID
from splash.workflow import ROLES, Role

WITH_CODE: Final[frozenset[Role]] = frozenset(("approver", "administrator"))
"""Who signs in with a code of an authenticator app besides the password."""

IDLE_SECONDS: Final = 30 * 60.0
MOST_SECONDS: Final = 12 * 3600.0
"""When a sign-in ends: after this long without a request, and after this long at all."""
_NOTE_SECONDS: Final = 60.0
"""How exactly the last request is remembered: flash wears out by writing."""

SCHEMA_VERSION: Final = 1
"""`PRAGMA user_version` of a database on which every migration has run."""

schema = Migrations("staff")


@schema()
def m001_accounts_and_sign_ins(db: sqlite_utils.Database) -> None:
    db.table("account").create(
        {
            "id": int,
            "name": str,  # as people write it
            "key": str,  # the name without marks and capitals: one account each
            "roles": str,  # words with spaces between
            "sites": str,  # the same; of house owners
            "password": str,
            "secret": str,  # of the authenticator app; null before it was set up
            "used_step": int,  # the last code that was taken
            "made": float,
            "signed_in": float,
        },
        pk="id",
        not_null={"name", "key", "roles", "sites", "password", "used_step", "made"},
        defaults={"used_step": 0},
    )
    db.table("account").create_index(["key"], unique=True)
    db.table("sign_in").create(
        {
            "hash": str,  # SHA-256 of the cookie
            "account": int,
            "open": int,  # 0 while the code is still to come
            "secret": str,  # of an app that is just being set up
            "began": float,
            "seen": float,
        },
        pk="hash",
        not_null={"account", "open", "began", "seen"},
        foreign_keys=[("account", "account", "id")],
    )


class AccountProblem(Exception):
    """What was asked cannot be done; `said` tells a person why."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.en)
        self.said = said


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    name: str
    roles: frozenset[Role]
    sites: tuple[str, ...]
    has_code: bool
    """Whether an authenticator app is set up."""
    made: float
    signed_in: float | None

    @property
    def needs_code(self) -> bool:
        return bool(self.roles & WITH_CODE)


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody who showed a cookie. `open`: the code has been given too, where one is needed."""

    hash: str
    account: Account
    open: bool


def key_of(name: str) -> str:
    """Names that differ only in marks, capitals and spaces are one: `Chị Hoa`, `chi hoa`."""
    marks = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return " ".join("".join(c for c in marks if not unicodedata.combining(c)).split())


class Accounts:
    """One open database.

    Every method raises sqlite3.Error when the file cannot be used; nothing is half written.
    """

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if needs_migration(path, SCHEMA_VERSION):
            db = sqlite_utils.Database(path)
            schema.apply(db)
            db.conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            db.close()
        self._db = sqlite3.connect(path, timeout=5, check_same_thread=False)
        self._db.isolation_level = None
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA secure_delete = ON")

    def close(self) -> None:
        self._db.close()

    # Accounts

    def all(self) -> list[Account]:
        return [_account(row) for row in self._db.execute("SELECT * FROM account ORDER BY key")]

    def get(self, id: int) -> Account | None:
        row = self._db.execute("SELECT * FROM account WHERE id = ?", (id,)).fetchone()
        return _account(row) if row else None

    def named(self, name: str) -> Account | None:
        row = self._row_named(name)
        return _account(row) if row else None

    def add(
        self,
        name: str,
        password: str,
        roles: Collection[str],
        sites: Sequence[str],
        wall: float,
    ) -> Account:
        """Make an account.

        Raises:
            AccountProblem: name, roles or password will not do, or the name is taken.
        """
        name = " ".join(unicodedata.normalize("NFC", name).split())
        _check_name(name)
        _check_roles(roles, sites)
        _check_password(password, name)
        try:
            self._db.execute(
                "INSERT INTO account (name, key, roles, sites, password, made)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    name,
                    key_of(name),
                    _words(ROLES, roles),
                    " ".join(sites),
                    passwords.kept(password),
                    wall,
                ),
            )
        except sqlite3.IntegrityError:
            raise AccountProblem(
                Said(
                    f"Đã có tài khoản tên “{name}”; hãy đặt tên khác.",
                    f"There is an account named “{name}” already; choose another name.",
                )
            ) from None
        found = self.named(name)
        assert found is not None
        return found

    def change_roles(self, id: int, roles: Collection[str], sites: Sequence[str]) -> None:
        """Raises AccountProblem: no role, a house owner without a house, no administrator left."""
        _check_roles(roles, sites)
        with self._administrator_remains():
            self._db.execute(
                "UPDATE account SET roles = ?, sites = ? WHERE id = ?",
                (_words(ROLES, roles), " ".join(sites), id),
            )
            # Who may more than before signs in again, with a code where one is needed now.
            self._db.execute("DELETE FROM sign_in WHERE account = ?", (id,))

    def change_password(self, id: int, password: str, *, but: str = "") -> None:
        """Also ends every sign-in of the account, but the one whose hash is `but`.

        Raises:
            AccountProblem: the password will not do.
        """
        account = self.get(id)
        assert account is not None
        _check_password(password, account.name)
        with self._transaction():
            self._db.execute(
                "UPDATE account SET password = ? WHERE id = ?", (passwords.kept(password), id)
            )
            self._db.execute("DELETE FROM sign_in WHERE account = ? AND hash <> ?", (id, but))

    def forget_code(self, id: int) -> None:
        """The app is set up anew at the next sign-in, as after a lost telephone."""
        with self._transaction():
            self._db.execute("UPDATE account SET secret = NULL WHERE id = ?", (id,))
            self._db.execute("DELETE FROM sign_in WHERE account = ?", (id,))

    def remove(self, id: int) -> None:
        """Raises AccountProblem: no administrator would be left."""
        with self._administrator_remains():
            self._db.execute("DELETE FROM sign_in WHERE account = ?", (id,))
            self._db.execute("DELETE FROM account WHERE id = ?", (id,))

    @contextmanager
    def _administrator_remains(self) -> Iterator[None]:
        """A transaction that nothing is left of if it would take the last administrator."""
        with self._transaction():
            there_was = any("administrator" in account.roles for account in self.all())
            yield
            if there_was and not any("administrator" in account.roles for account in self.all()):
                raise AccountProblem(
                    Said(
                        "Phải còn ít nhất một quản trị viên.",
                        "At least one administrator has to remain.",
                    )
                )

    # Signing in

    def checked(self, name: str, password: str) -> Account | None:
        """Whose name and password these are. Takes the same time whether the name is known."""
        row = self._row_named(name)
        right = passwords.matches(password, row["password"] if row else passwords.NOBODYS)
        return _account(row) if row and right else None

    def sign_in(self, account: Account, wall: float, *, before: str = "") -> str:
        """Begin a sign-in; returns its cookie. The one whose hash is `before` ends."""
        cookie = secrets.token_urlsafe(32)
        with self._transaction():
            self._db.execute(
                "DELETE FROM sign_in WHERE hash = ? OR seen < ? OR began < ?",
                (before, wall - IDLE_SECONDS, wall - MOST_SECONDS),
            )
            self._db.execute(
                "INSERT INTO sign_in (hash, account, open, began, seen) VALUES (?, ?, ?, ?, ?)",
                (hash_of(cookie), account.id, not account.needs_code, wall, wall),
            )
            if not account.needs_code:
                self._note_sign_in(account.id, wall)
        return cookie

    def open(self, sign_in: SignIn, step: int, wall: float) -> str | None:
        """The code of `step` was right: a new cookie in place of the old one.

        None if the code was used by somebody else in the meantime.
        """
        cookie = secrets.token_urlsafe(32)
        with self._transaction():
            taken = self._db.execute(
                "UPDATE account SET used_step = ?, secret = coalesce(secret,"
                " (SELECT secret FROM sign_in WHERE hash = ?)) WHERE id = ? AND used_step < ?",
                (step, sign_in.hash, sign_in.account.id, step),
            )
            if not taken.rowcount:
                return None
            self._db.execute(
                "UPDATE sign_in SET hash = ?, open = 1, secret = NULL, began = ?, seen = ?"
                " WHERE hash = ?",
                (hash_of(cookie), wall, wall, sign_in.hash),
            )
            self._note_sign_in(sign_in.account.id, wall)
        return cookie

    def secret(self, sign_in: SignIn, new: str) -> tuple[str, int]:
        """The app's secret and the last step used; `new` becomes it while none is set up."""
        row = self._db.execute(
            "SELECT secret, used_step FROM account WHERE id = ?", (sign_in.account.id,)
        ).fetchone()
        if row["secret"] is not None:
            return row["secret"], row["used_step"]
        self._db.execute(
            "UPDATE sign_in SET secret = coalesce(secret, ?) WHERE hash = ?", (new, sign_in.hash)
        )
        kept = self._db.execute(
            "SELECT secret FROM sign_in WHERE hash = ?", (sign_in.hash,)
        ).fetchone()
        return kept["secret"], row["used_step"]

    def who(self, cookie: str, wall: float, *, attended: bool = True) -> SignIn | None:
        """Whose cookie this is, if the sign-in has not ended.

        It lasts longer for it where the asking is `attended`: somebody did something.
        """
        row = self._db.execute(
            "SELECT sign_in.*, account.id AS id FROM sign_in JOIN account"
            " ON account.id = sign_in.account WHERE hash = ?",
            (hash_of(cookie),),
        ).fetchone()
        if row is None or wall - row["began"] > MOST_SECONDS or wall - row["seen"] > IDLE_SECONDS:
            return None
        if attended and not 0 <= wall - row["seen"] < _NOTE_SECONDS:
            self._db.execute("UPDATE sign_in SET seen = ? WHERE hash = ?", (wall, row["hash"]))
        account = self.get(row["account"])
        assert account is not None
        return SignIn(row["hash"], account, bool(row["open"]))

    def sign_out(self, sign_in: SignIn) -> None:
        self._db.execute("DELETE FROM sign_in WHERE hash = ?", (sign_in.hash,))

    def _note_sign_in(self, id: int, wall: float) -> None:
        self._db.execute("UPDATE account SET signed_in = ? WHERE id = ?", (wall, id))

    def _row_named(self, name: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(
            "SELECT * FROM account WHERE key = ?", (key_of(name),)
        ).fetchone()
        return found

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise


def hash_of(cookie: str) -> str:
    """A cookie has 256 bits of its own, so that a plain hash will do."""
    return hashlib.sha256(cookie.encode(errors="replace")).hexdigest()


def _account(row: sqlite3.Row) -> Account:
    return Account(
        row["id"],
        row["name"],
        frozenset(role for role in ROLES if role in row["roles"].split()),
        tuple(row["sites"].split()),
        row["secret"] is not None,
        row["made"],
        row["signed_in"],
    )


def _words(order: Sequence[str], chosen: Collection[str]) -> str:
    return " ".join(word for word in order if word in chosen)


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[^\W_](?:[\w .-]{0,38}[\w.])", name):
        raise AccountProblem(
            Said(
                f"Tên “{name[:40]}” không dùng được: hãy viết 2 đến 40 chữ, số, dấu cách, dấu chấm"
                " hoặc gạch nối.",
                f"“{name[:40]}” cannot be a name: write 2 to 40 letters, digits, spaces, full"
                " stops or hyphens.",
            )
        )


def _check_roles(roles: Collection[str], sites: Sequence[str]) -> None:
    if not roles or not set(roles) <= set(ROLES):
        raise AccountProblem(Said("Hãy chọn ít nhất một vai trò.", "Choose one role at least."))
    if wrong := [site for site in sites if not SITE_ID.fullmatch(site)]:
        raise AccountProblem(
            Said(
                f"“{wrong[0][:40]}” không phải mã địa điểm; mã chỉ có chữ thường không dấu, số và"
                " gạch nối.",
                f"“{wrong[0][:40]}” is no id of a house: small letters, digits and hyphens.",
            )
        )
    if "house_owner" in roles and not sites:
        raise AccountProblem(
            Said(
                "Chủ nhà trọ cần có mã địa điểm của nhà mình.",
                "A house owner needs the id of the house.",
            )
        )


def _check_password(password: str, name: str) -> None:
    if (why := passwords.refusal(password, name)) is not None:
        raise AccountProblem(why)

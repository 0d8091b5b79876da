"""Both formats, read by code that is not ours (tar) or shares nothing with the writer."""

import gzip
import hashlib
import io
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.openwrt.packaging import apk, ipk, signature
from deploy.openwrt.packaging.adb import Database
from deploy.openwrt.packaging.package import File, Package
from deploy.openwrt.packaging.wheels import CannotBuild
from tests.unit.openwrt import apk_reader

EPOCH = 1_700_000_000
PORTAL = Package(
    name="union-portal",
    version="0.1.0-r1",
    architecture="aarch64_cortex-a53",
    description="Captive portal gateway",
    licence="GPL-2.0-or-later",
    files=(
        File("usr/bin/portal", b"#!/bin/sh\n", 0o755),
        File("etc/config/portal", b"config site 'site'\n", 0o600),
        File("usr/lib/union-portal/portal/py.typed", b""),
        File("usr/lib/union-portal/portal/config.pyc", b"\0" * 70_000),
        File("usr/lib/union-portal.txt", b"beside a folder of nearly the same name"),
    ),
    depends=("python3-light", "libpython3-3.13", "dnsmasq-full"),
    conffiles=("/etc/config/portal",),
    user="portal=842:portal=842",
    service="portal",
)


def test_an_apk_says_of_the_package_what_apk_asks() -> None:
    read = apk_reader.read(apk.write(PORTAL, EPOCH))

    info = dict(read.package["info"])
    identity = info.pop("hashes")
    assert info == {
        "name": "union-portal",
        "version": "0.1.0-r1",
        "description": "Captive portal gateway",
        "arch": "aarch64_cortex-a53",
        "license": "GPL-2.0-or-later",
        "origin": "union-portal",
        "maintainer": "union-portal",
        "build-time": EPOCH,
        "installed-size": sum(len(content) for content in read.contents.values()),
        "depends": [{"name": n} for n in ("dnsmasq-full", "libpython3-3.13", "python3-light")],
    }
    assert read.signatures == []
    assert identity == hashlib.sha256(read.adb.replace(identity, bytes(20))).digest()[:20]


def test_an_apk_holds_every_file_with_its_mode_below_folders_that_root_owns() -> None:
    read = apk_reader.read(apk.write(PORTAL, EPOCH))

    root = {"user": "root", "group": "root"}
    paths = [folder.get("name", "") for folder in read.package["paths"]]
    assert paths == [
        *("", "etc", "etc/config", "lib", "lib/apk", "lib/apk/packages"),
        *("usr", "usr/bin", "usr/lib", "usr/lib/union-portal", "usr/lib/union-portal/portal"),
    ]
    assert all(folder["acl"] == {"mode": 0o755, **root} for folder in read.package["paths"])
    modes = {
        f"{folder['name']}/{file['name']}": file["acl"]
        for folder in read.package["paths"]
        for file in folder.get("files", [])
        if not folder["name"].startswith("lib")
    }
    assert modes == {file.path: {"mode": file.mode, **root} for file in PORTAL.files}
    assert {path: read.contents[path] for path in modes} == {
        file.path: file.content for file in PORTAL.files
    }


def test_files_of_an_apk_are_in_the_order_in_which_apk_searches_them() -> None:
    read = apk_reader.read(apk.write(PORTAL, EPOCH))

    folders = [folder.get("name", "").encode() for folder in read.package["paths"]]
    assert folders == sorted(folders)
    for folder in read.package["paths"]:
        names = [file["name"].encode() for file in folder.get("files", [])]
        assert names == sorted(names)
        assert all(file["mtime"] == EPOCH for file in folder.get("files", []))


def test_an_apk_brings_what_openwrt_s_scripts_read_beside_apk_s_database() -> None:
    read = apk_reader.read(apk.write(PORTAL, EPOCH))

    records = {
        path.rpartition("/")[2]: content.decode()
        for path, content in read.contents.items()
        if path.startswith("lib/apk/packages/")
    }
    digest = hashlib.sha256(b"config site 'site'\n").hexdigest()
    assert records == {
        "union-portal.conffiles": "/etc/config/portal\n",
        "union-portal.conffiles_static": f"/etc/config/portal {digest}\n",
        "union-portal.rusers": "portal=842:portal=842\n",
        "union-portal.list": (
            "/etc/config/portal\n"
            "/lib/apk/packages/union-portal.rusers\n"
            "/usr/bin/portal\n"
            "/usr/lib/union-portal.txt\n"
            "/usr/lib/union-portal/portal/config.pyc\n"
            "/usr/lib/union-portal/portal/py.typed\n"
        ),
    }


def test_an_apk_s_scripts_do_what_every_package_of_openwrt_does() -> None:
    scripts = apk_reader.read(apk.write(PORTAL, EPOCH)).package["scripts"]

    assert sorted(scripts) == ["post-install", "post-upgrade", "pre-deinstall"]
    usual = ['export pkgname="union-portal"', "add_group_and_user", "default_postinst"]
    assert scripts["post-install"].splitlines()[-3:] == usual
    assert scripts["pre-deinstall"].splitlines()[-1] == "default_prerm"
    assert all(script.startswith("#!/bin/sh\n") for script in scripts.values())


def test_an_upgrade_by_apk_starts_the_service_again_on_a_router_and_in_no_image() -> None:
    script = apk_reader.read(apk.write(PORTAL, EPOCH)).package["scripts"]["post-upgrade"]

    assert "export PKG_UPGRADE=1\n" in script
    assert script.splitlines()[-2:] == [
        "default_postinst",
        '[ -n "$root" ] || /etc/init.d/portal restart',
    ]


def test_an_ipk_opens_with_tar_and_says_what_opkg_asks() -> None:
    outer = _unpacked(ipk.write(PORTAL, EPOCH))

    assert list(outer) == ["./debian-binary", "./data.tar.gz", "./control.tar.gz"]
    assert outer["./debian-binary"][1] == b"2.0\n"
    control = _unpacked(outer["./control.tar.gz"][1])
    assert control["./control"][1].decode().splitlines() == [
        "Package: union-portal",
        "Version: 0.1.0-r1",
        "Depends: python3-light, libpython3-3.13, dnsmasq-full",
        "License: GPL-2.0-or-later",
        "Section: net",
        "Require-User: portal=842:portal=842",
        f"SourceDateEpoch: {EPOCH}",
        "Maintainer: union-portal",
        "Architecture: aarch64_cortex-a53",
        f"Installed-Size: {len(gzip.decompress(outer['./data.tar.gz'][1]))}",
        "Description: Captive portal gateway",
    ]
    assert control["./conffiles"][1] == b"/etc/config/portal\n"
    assert control["./postinst"][0] == control["./prerm"][0] == 0o755
    assert control["./postinst"][1].endswith(b"default_postinst $0 $@\n")


def test_an_ipk_holds_every_file_with_its_mode() -> None:
    data = _unpacked(_unpacked(ipk.write(PORTAL, EPOCH))["./data.tar.gz"][1])

    assert data == {f"./{file.path}": (file.mode, file.content) for file in PORTAL.files}


@pytest.mark.parametrize("write", [apk.write, ipk.write])
def test_the_order_in_which_files_were_found_changes_no_byte(
    write: Callable[[Package, int], bytes],
) -> None:
    again = replace(PORTAL, files=tuple(reversed(PORTAL.files)))

    assert write(PORTAL, EPOCH) == write(again, EPOCH)


def test_a_package_for_every_architecture_is_called_so_by_each_manager() -> None:
    everywhere = replace(PORTAL, architecture="all")

    assert apk_reader.read(apk.write(everywhere, EPOCH)).package["info"]["arch"] == "noarch"
    assert ipk.file_name(everywhere) == "union-portal_0.1.0-r1_all.ipk"
    assert apk.file_name(everywhere) == "union-portal-0.1.0-r1.apk"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"description": "two\nlines"}, "must be one line"),
        ({"conffiles": ("/etc/other",)}, "not in it: /etc/other"),
        ({"files": (*PORTAL.files, File("usr/bin/portal", b"x"))}, "twice in the package: usr/bin"),
    ],
)
def test_a_package_that_would_break_a_router_is_refused(
    change: dict[str, object], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        replace(PORTAL, **change)  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [0, 1, (1 << 28) - 1, 1 << 28, (1 << 32) - 1, 1 << 32, 1 << 40])
def test_numbers_of_every_size_are_read_as_they_were_written(number: int) -> None:
    adb = Database()
    adb.text("odd length")
    word = adb.integer(number)

    assert apk_reader.Description(bytes(adb.finished(word))).value(word, "mtime") == number


@pytest.mark.parametrize("length", [1, 255, 256, 65_535, 65_536])
def test_blobs_of_every_size_are_read_as_they_were_written(length: int) -> None:
    adb = Database()
    adb.text("odd length")
    word = adb.blob(b"x" * length)

    read = apk_reader.Description(bytes(adb.finished(word))).value(word, "hash")

    assert read == b"x" * length


def test_a_signature_is_over_the_description_s_hash_and_verified_by_openssl(
    tmp_path: Path,
) -> None:
    key, public, message, signed = (tmp_path / n for n in ("key", "pub", "message", "signature"))
    openssl = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key]
    subprocess.run(openssl, check=True)
    subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", public], check=True)

    read = apk_reader.read(apk.write(PORTAL, EPOCH, signature.signer(key)))

    (block,) = read.signatures
    der = ["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"]
    point = subprocess.run(der, check=True, capture_output=True).stdout[-65:]
    assert block[:2] == b"\0\4", "version 0, SHA-512"
    assert point[0] == 4, "a point of the curve, uncompressed"
    assert block[2:18] == hashlib.sha512(point).digest()[:16]
    message.write_bytes(b"pckg" + block[:18] + hashlib.sha512(read.adb).digest())
    signed.write_bytes(block[18:])
    verify = ["openssl", "dgst", "-sha512", "-verify", public, "-signature", signed, message]
    subprocess.run(verify, check=True, capture_output=True)


def test_a_key_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("no key")

    with pytest.raises(CannotBuild, match="openssl refuses the key"):
        signature.signer(tmp_path / "key")


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    key = tmp_path / "key"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)

    with pytest.raises(CannotBuild, match="is no key on prime256v1"):
        signature.signer(key)


def _unpacked(archive: bytes) -> dict[str, tuple[int, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        members = tar.getmembers()
        assert all((m.uid, m.gid, m.mtime) == (0, 0, EPOCH) for m in members)
        files = [m for m in members if m.isfile()]
        return {m.name: (m.mode, tar.extractfile(m).read()) for m in files}  # type: ignore[union-attr]

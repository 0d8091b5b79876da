"""Where the parts of a backup go: a backup says so itself, and is not believed."""

import dataclasses
from pathlib import Path

import pytest

from portal import backup_places
from portal.backup import BackupProblem
from portal.backup_places import Places
from portal.config import load

EXAMPLE = Path(__file__).parents[3] / "docs" / "portal.toml.example"


def config_with(**changes: object) -> Places:
    config = load(EXAMPLE)
    for section, values in changes.items():
        assert isinstance(values, dict)
        changed = dataclasses.replace(getattr(config, section), **values)
        config = dataclasses.replace(config, **{section: changed})
    return backup_places.places_of(
        config, Path("/etc/portal/portal.toml"), Path("/etc/config/portal")
    )


def test_everything_has_its_place() -> None:
    places = config_with(
        portal={"tls_cert": Path("/etc/ssl/p.pem"), "tls_key": Path("/var/lib/portal/p.key")},
        content={"store": Path("/srv/content")},
    )

    assert places.folders == {"data": Path("/var/lib/portal"), "content": Path("/srv/content")}
    assert places.files == {
        "config/portal.toml": Path("/etc/portal/portal.toml"),
        "config/uci": Path("/etc/config/portal"),
        "config/mirror.toml": Path("/etc/portal/mirror.toml"),
        "config/reports.toml": Path("/etc/portal/reports.toml"),
        "named/portal.tls_cert": Path("/etc/ssl/p.pem"),  # The key is in `data` already.
    }


def test_a_backup_says_itself_where_it_goes_and_that_is_not_believed() -> None:
    names = ["data/sessions.db", "named/portal.tls_cert", "config/portal.toml", "config/uci"]
    allowed = [Path("/etc/portal"), Path("/var/lib/portal")]
    usual = config_with(portal={"tls_cert": Path("/etc/portal/p.pem")})
    far = config_with(
        portal={"tls_cert": Path("/etc/portal/../shadow")}, storage={"data_dir": Path("/root/.ssh")}
    )

    assert backup_places.outside(usual, names, allowed) == []
    assert backup_places.outside(far, names, allowed) == [
        "/root/.ssh (data)",
        "/etc/portal/../shadow (named/portal.tls_cert)",
    ]
    assert backup_places.outside(far, names, [*allowed, Path("/root/.ssh")]) == [
        "/etc/portal/../shadow (named/portal.tls_cert)"
    ]
    assert backup_places.outside(far, ["config/portal.toml"], allowed) == []
    obeyed = config_with(
        portal={"tls_cert": Path("/etc/portal/restore.pending")},
        storage={"data_dir": Path("/etc/portal/dnsmasq.d")},
    )
    assert backup_places.outside(obeyed, names, allowed) == [
        "/etc/portal/dnsmasq.d (data)",
        "/etc/portal/restore.pending (named/portal.tls_cert)",
    ]


def test_openwrt_s_configuration_is_not_believed_either() -> None:
    home = Path("/etc/portal")
    allowed = [home, Path("/var/run/portal")]
    good = """
config site 'site'
    option address '/12 đường Mẫu'
config storage 'storage'
    option data_dir '/etc/portal/data'
    option run_dir '/var/run/portal'
"""
    bad = (
        good
        + """
config uplink 'uplink'
    option names_dir '/etc/portal/../init.d'
config storage 'storage'
    option run_dir '/root'
"""
    )

    assert backup_places.outside_uci("", allowed, home) == []
    assert backup_places.outside_uci(good, allowed, home) == []
    assert backup_places.outside_uci(bad, allowed, home) == [
        "/etc/portal/../init.d (config/uci, uplink.names_dir)",
        "/root (config/uci, storage.run_dir)",
    ]
    lines = "config uplink 'uplink'\n    option names_dir '/etc/portal/names\nuser=root'\n"
    assert backup_places.outside_uci(lines, allowed, home) == [
        "/etc/portal/names\nuser=root (config/uci, uplink.names_dir)"
    ]
    for place in ("/etc/portal", "/var/run", "/var/run/ubus", "/etc/portal/dnsmasq.d"):
        wanted = f"config storage 'storage'\n    option data_dir '{place}'\n"
        assert backup_places.outside_uci(wanted, allowed, home) == [
            f"{place} (config/uci, storage.data_dir)"
        ]
    with pytest.raises(BackupProblem, match="its config/uci cannot be read"):
        backup_places.outside_uci("config\n", allowed, home)


def test_no_part_lies_in_another_or_takes_its_place() -> None:
    inside = config_with(storage={"data_dir": Path("/etc")}, content={"store": Path("/srv/c")})
    same = config_with(family_dns={"blocklist": Path("/etc/portal/portal.toml")})

    assert backup_places.clashes(config_with()) == []
    assert backup_places.clashes(inside)[0] == (
        "/etc/portal/portal.toml (config/portal.toml) is in /etc (data); it has to be outside"
    )
    assert backup_places.clashes(same) == [
        "/etc/portal/portal.toml is config/portal.toml and named/family_dns.blocklist;"
        " each needs a place of its own"
    ]


def test_what_is_swapped_stands_beside_each_other_and_is_written_down() -> None:
    swap = backup_places.swap_of(Path("/etc/portal/data"), "1f", "20261126-080000")

    assert swap.staged == Path("/etc/portal/data.restored-1f")
    assert swap.aside == Path("/etc/portal/data.before-20261126-080000")
    assert backup_places.swaps_of(backup_places.swaps_written([swap])) == [swap]
    for damaged in (b"", b"{}", b'{"swaps": [["a"]]}', b'{"swaps": [[1, 2, 3]]}'):
        with pytest.raises(BackupProblem, match="note of an unfinished restore is damaged"):
            backup_places.swaps_of(damaged)

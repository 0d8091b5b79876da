"""A site moves to another router: its configuration of OpenWrt, its data, and whose they are."""

import pytest

from tests.openwrt.router import SITE, Router
from tests.openwrt.router import router as a_router

pytestmark = pytest.mark.openwrt

BACKUP = "/tmp/site.backup"


def carried(old: Router, new: Router) -> None:
    """A file by a stick from one router to the other."""
    new.write("/tmp/as.text", old.must("base64", BACKUP))
    new.must("sh", "-c", f"base64 -d /tmp/as.text >{BACKUP}")


def owner(router: Router, path: str) -> str:
    return router.must("stat", "-c", "%U:%G %a", path).strip()


def test_a_site_moves_to_a_router_as_it_comes_from_the_factory(router: Router) -> None:
    router.uci(*SITE)
    router.must("/etc/init.d/portal", "start")
    router.must("portal", "staff", "list")  # Makes staff.db.
    router.must("portal", "backup", BACKUP, "--no-passphrase")

    with a_router() as new:
        carried(router, new)
        new.must("/etc/init.d/portal", "start")  # It has booted before anybody came.
        assert "set_param command /usr/bin/portal setup" in new.recorded("procd")
        said = new.must("portal", "restore", BACKUP)

        assert said.startswith("Khu trọ Hồng Phong (hp-001) is here, as it was on ")
        assert "next: /usr/libexec/portal/apply, then /etc/init.d/portal restart" in said
        assert new.must("uci", "get", "portal.site.id").strip() == "hp-001"
        assert new.read("/etc/config/portal") == router.read("/etc/config/portal")
        assert owner(new, "/etc/portal/data") == "portal:portal 750"
        assert owner(new, "/etc/portal/data/staff.db") == "portal:portal 600"
        new.must("/etc/init.d/portal", "restart")
        assert "set_param command /usr/bin/portal run" in new.recorded("procd")


def test_what_the_power_left_of_a_restore_is_carried_out_at_boot(router: Router) -> None:
    router.uci(*SITE)
    router.must("/etc/init.d/portal", "start")
    router.recorded("procd")
    router.must("portal", "staff", "list")
    # As if it had gone after the note was written.
    router.must("sh", "-c", "cp -a /etc/portal/data /etc/portal/data.restored-12345678")
    router.must("touch", "/etc/portal/data.restored-12345678/of_the_backup")
    paths = [f"/etc/portal/data{end}" for end in (".restored-12345678", "", ".before-now")]
    router.write("/etc/portal/restore.pending", f'{{"swaps": [{paths}]}}'.replace("'", '"'))

    router.must("/etc/init.d/portal", "start")

    assert router.run("test", "-e", "/etc/portal/restore.pending").returncode == 1
    assert router.run("test", "-e", "/etc/portal/data/of_the_backup").returncode == 0
    assert router.run("test", "-e", "/etc/portal/data.before-now/staff.db").returncode == 0
    assert "set_param command /usr/bin/portal run" in router.recorded("procd")

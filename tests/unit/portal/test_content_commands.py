"""`portal content`: what is done, what is said, and that nothing is left half done."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from portal.__main__ import main
from splash.content import parse, to_json
from splash.content_store import ContentStore
from splash.publishing import folder_problems
from tests.unit.splash.contents import ARTICLE, NOTICE
from tests.unit.splash.staff import LAN, TUAN, store_in

EXAMPLE = Path(__file__).parents[3] / "docs" / "portal.toml.example"
NOW = 1_800_000_000.0


class Machine:
    """A machine with a configuration, and what a command said."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.config = folder / "portal.toml"
        self.write_config()
        self._capsys = capsys

    def write_config(self, old: str = "", new: str = "") -> None:
        text = EXAMPLE.read_text(encoding="utf-8").replace(old, new, 1)
        assert "\n#data_dir = " in text
        line = f'\ndata_dir = "{self.data}"\n#data_dir = '
        self.config.write_text(text.replace("\n#data_dir = ", line), encoding="utf-8")

    def does(self, *words: str) -> tuple[int, str]:
        """The exit code, and all that was printed."""
        code = main(["content", "--config", str(self.config), *words])
        out, err = self._capsys.readouterr()
        return code, out + err

    def store(self) -> ContentStore:
        return store_in(self.data)

    def live(self, words: Any = NOTICE) -> str:
        """Make an item live, as the staff site does, but for the release."""
        with closing(self.store()) as store:
            id = store.create(words, LAN, NOW).item.id
            store.act("submit", id, 1, LAN, NOW)
            store.act("approve", id, 1, TUAN, NOW)
            store.act("publish", id, 1, TUAN, NOW)
        return id


@pytest.fixture
def machine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Machine:
    made = Machine(tmp_path, capsys)
    made.store().close()
    return made


def test_the_samples_become_drafts_once(machine: Machine) -> None:
    first = machine.does("import", "--samples", "--by", "lan")
    again = machine.does("import", "--samples", "--by", "lan")
    with closing(machine.store()) as store:
        items = store.items()

    assert first[0] == again[0] == 0
    assert "quiz-mau-01: draft, revision 1\n" in first[1]
    assert "quiz-mau-01: as it was, revision 1\n" in again[1]
    assert {(one.newest.state, one.newest.author, one.newest.n) for one in items} == {
        ("draft", "lan", 1)
    }
    assert len(items) == 9


def test_what_was_changed_in_a_file_is_a_new_revision(machine: Machine) -> None:
    machine.does("import", "--samples")
    file = machine.folder / "01-tien-luong.md"
    text = '---\ntitle: "Khác"\nlang: vi\ncategory: quyen-loi\nauthor: "Ban"\n---\nChữ.\n'
    file.write_text(text, encoding="utf-8")

    code, said = machine.does("import", str(file))

    assert code == 0
    assert said.startswith("01-tien-luong: draft, revision 2\n  still to do: legal.basis: Law, ")


def test_one_file_that_will_not_do_leaves_all_of_them_out(machine: Machine) -> None:
    with closing(machine.store()) as store:
        store.create(NOTICE, LAN, NOW, id="quiz-mau-01")

    code, said = machine.does("import", "--samples")

    assert code == 1
    assert said.startswith("portal: nothing was imported; 1 problem\n  ")
    assert "quiz-mau-01: there is an item of kind notice called so" in said
    with closing(machine.store()) as store:
        assert len(store.items()) == 1


def test_importing_wants_to_know_what(machine: Machine) -> None:
    assert machine.does("import") == (
        1,
        "portal: give files or folders to import, or --samples for what is shipped\n",
    )


def test_what_is_live_is_published_and_put_into_a_folder(machine: Machine) -> None:
    machine.live()
    web = machine.folder / "web"

    code, said = machine.does("publish", "--to", str(web))
    _, key = machine.does("key")

    assert (code, said) == (
        0,
        "release 1 is shown, with 1 item\n"
        f"{web} has release 1; copy it to the web space, bundle.json last\n",
    )
    assert folder_problems(web, key.strip()) == []
    assert machine.does("verify") == (0, "release 1, shown: good\n")
    assert machine.does("verify", str(web)) == (0, f"{web}: good\n")


def test_publishing_names_every_setting_of_the_footer_that_is_missing(machine: Machine) -> None:
    machine.live()
    machine.write_config('responsible = "Nguyễn Văn Mẫu"\n')

    code, said = machine.does("publish")

    assert (code, said) == (
        1,
        "portal: nothing was published; 1 problem\n"
        "  organisation.responsible: the person responsible: missing;"
        " write responsible in section [organisation] of portal.toml.\n",
    )
    assert not (machine.data / "content" / "active").is_symlink()


def test_nothing_is_published_before_anything_was_approved(machine: Machine) -> None:
    code, said = machine.does("publish")

    assert code == 1
    assert "live: nothing has been approved and published on the staff site yet." in said


def test_nothing_is_published_where_another_key_s_releases_are_shown(machine: Machine) -> None:
    machine.live()
    machine.write_config("[content]\n", f'[content]\npublic_key = "{"0" * 64}"\n')

    for words in (("publish",), ("rollback", "1")):
        code, said = machine.does(*words)
        assert code == 1
        assert said.startswith('portal: content.public_key = "0000')
    code, said = machine.does("list", "--releases")
    assert (code, said) == (0, "nothing has been released\n")


def test_rolling_back_shows_the_release_before(machine: Machine) -> None:
    machine.live()
    machine.does("publish", "--by", "tuan")
    machine.live()
    machine.does("publish", "--by", "tuan", "--note", "hai")

    code, said = machine.does("rollback", "1", "--by", "quyen", "--note", "sai")
    _, listed = machine.does("list", "--releases", "--json")

    assert (code, said) == (0, "release 1 is shown again, with 1 item\n")
    assert [
        (one["release"], one["by"], one["items"], one["state"], one["note"])
        for one in json.loads(listed)
    ] == [(2, "tuan", 2, "kept", "hai"), (1, "tuan", 1, "shown", None)]
    assert machine.does("rollback", "9") == (
        1,
        "portal: nothing was changed; there is no release 9\n",
    )


def test_a_damaged_release_is_named_file_by_file(machine: Machine) -> None:
    machine.live()
    machine.does("publish")
    file = next((machine.data / "content" / "files").glob("*.gz"))
    file.write_bytes(b"x")

    code, said = machine.does("verify")

    assert code == 1
    assert said.startswith(f"release 1, shown: not to be used\n  file {file.name}: has 1 bytes")


def test_there_is_nothing_to_verify_before_the_first_release(machine: Machine) -> None:
    assert machine.does("verify") == (0, "there is no release yet\n")


def test_the_list_has_what_was_asked_for(machine: Machine) -> None:
    assert machine.does("list") == (0, "there is no such item\n")
    old = parse("article", _with_review("2026-11-02"))
    id = machine.live(old)
    machine.live()

    listed = [
        [one["id"] for one in json.loads(machine.does("list", "--json", *words)[1])]
        for words in ((), ("--kind", "notice"), ("--overdue",))
    ]
    _, text = machine.does("list", "--overdue")

    assert [sorted(ids) for ids in listed] == [[id, "mai-cup-nuoc"], ["mai-cup-nuoc"], [id]]
    assert text.splitlines()[1].split()[:6] == [id, "article", "live", "1", "1", "lan"]
    assert "overdue" in text


def _with_review(day: str) -> dict[str, Any]:
    plain = to_json(ARTICLE) | {"picture": None, "audio": None, "body": {"vi": "<p>Chữ</p>"}}
    plain["legal"] |= {"review_by": day}
    return plain


def test_a_store_that_is_none_is_named(machine: Machine) -> None:
    (machine.data / "content.db").write_bytes(b"no database at all" * 100)

    code, said = machine.does("list")

    assert (code, said) == (
        1,
        f"portal: {machine.data / 'content.db'}: file is not a database\n",
    )


def test_a_key_that_is_none_is_named(machine: Machine) -> None:
    (machine.data / "content-signing.key").write_text("x")

    code, said = machine.does("key")

    assert code == 1
    assert "content-signing.key: is not a signing key" in said


def test_a_folder_that_cannot_be_written_leaves_the_release_here(machine: Machine) -> None:
    machine.live()
    machine.folder.joinpath("web").write_text("a file")

    code, said = machine.does("publish", "--to", str(machine.folder / "web"))

    assert code == 1
    assert said.startswith("release 1 is shown, with 1 item\nportal: ")
    assert "was left as it is; " in said

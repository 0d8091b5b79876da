"""Which way the arrows go, read from the imports (docs/architecture.md)."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = ("firewall", "content_cache", "splash", "portal", "reports", "paper")

MAY_IMPORT = {
    "firewall": {"firewall"},
    "content_cache": {"content_cache"},
    "splash": {"splash", "content_cache"},
    "portal": set(OURS),
    "reports": {"reports", "portal", "splash", "content_cache"},
    "paper": {"paper", "reports", "portal", "splash"},
}
REPORTS_KNOW = {
    *("portal.hearing", "portal.schedule", "portal.session_store", "portal.staff.figures"),
}
"""What reports may import of the portal: the shape of what it wrote down."""
PAPER_KNOWS = {"portal.schedule", "reports.layout"}


def deciding() -> list[str]:
    """The modules that decide, as setup.cfg lists them for `scripts/coverage`."""
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    return settings["coverage:report"]["include"].split()


DECIDING = deciding()
EFFECTS = {
    "aiohttp",
    "asyncio",
    "logging",
    "nftables",
    "os",
    "random",
    "secrets",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
}

UNTYPED = ["feedparser", "nftables", "pyroute2", "reportlab"]
"""Libraries without types: what they really return is written down in one file each."""


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All of the file's syntax; most tests here ask for that of every file."""
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imported(path: Path) -> frozenset[str]:
    """Every module that the file names in an import, at its top or inside a function."""
    return frozenset(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it leads"
            assert node.module is not None
            yield node.module
            # `from portal import control` names a module too.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def packages(path: Path) -> set[str]:
    return {module.partition(".")[0] for module in imported(path)}


@pytest.mark.parametrize("package", OURS)
def test_arrows_go_one_way(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): packages(path) & set(OURS) - MAY_IMPORT[package]
        for path in files(package)
    }

    assert {path: found for path, found in wrong.items() if found} == {}


def test_what_runs_imports_no_tests() -> None:
    wrong = [path for package in OURS for path in files(package) if "tests" in packages(path)]

    assert wrong == []


def test_the_gateway_does_not_know_the_demonstration() -> None:
    """It is imported by the command `portal demo` alone."""
    wrong = {
        str(path.relative_to(ROOT))
        for path in files("portal")
        if "demo" not in path.relative_to(ROOT).parts
        and any(module.startswith("portal.demo") for module in imported(path))
    }

    assert wrong == {"portal/__main__.py"}


def test_reports_read_what_was_written_down_and_know_nothing_else_of_the_portal() -> None:
    known = {
        module
        for path in files("reports")
        for module in imported(path)
        if module.startswith("portal.") and (ROOT / f"{module.replace('.', '/')}.py").exists()
    }

    assert known == REPORTS_KNOW


def test_paper_knows_the_week_and_the_look_of_papers_and_nothing_else_of_others() -> None:
    known = {
        module
        for path in files("paper")
        for module in imported(path)
        if module.startswith(("portal.", "reports."))
        and (ROOT / f"{module.replace('.', '/')}.py").exists()
    }

    assert known == PAPER_KNOWS


def test_only_commands_and_the_staff_s_pages_know_paper() -> None:
    wrong = {
        str(path.relative_to(ROOT))
        for package in OURS
        if package != "paper"
        for path in files(package)
        if "paper" in packages(path)
    }

    assert wrong <= {
        *("portal/paper_content.py", "portal/paper_work.py"),
        *("portal/staff/paper.py", "portal/staff/converter.py"),
        "portal/staff/converter_process.py",
    }


def test_only_the_command_and_its_page_know_reports() -> None:
    """What makes Word and Excel files is loaded when one is wanted, in a process that ends."""
    wrong = {
        str(path.relative_to(ROOT))
        for package in OURS
        if package != "reports"
        for path in files(package)
        if "reports" in packages(path)
    }

    assert wrong == {
        *("portal/report_making.py", "portal/report_process.py", "portal/report_work.py"),
        *("portal/staff/entering.py", "portal/staff/entry_form.py", "portal/staff/reporting.py"),
        "paper/draw_handover.py",
    }


@pytest.mark.slow
def test_the_staff_site_carries_nothing_that_makes_reports() -> None:
    heavy = ["docx", "xlsxwriter", "reports.gather", "reports.report", "reports.figures"]
    script = f"import sys, portal.staff.app; print(*sorted(set(sys.modules) & set({heavy!r})))"

    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert loaded.stdout.split() == []


@pytest.mark.parametrize("path", DECIDING)
def test_modules_that_decide_have_no_clock_network_or_database(path: str) -> None:
    assert packages(ROOT / path) & EFFECTS == set()


def test_no_module_that_decides_imports_one_that_does() -> None:
    modules = {path.removesuffix(".py").replace("/", "."): path for path in DECIDING}
    known = {str(path.relative_to(ROOT)).removesuffix(".py") for p in OURS for path in files(p)}
    wrong = {
        (path, module)
        for path in DECIDING
        for module in imported(ROOT / path)
        if module.replace(".", "/") in known and module not in modules
    }

    assert wrong == set()


@pytest.mark.parametrize("library", UNTYPED)
def test_a_library_without_types_has_one_door_at_most(library: str) -> None:
    doors = {
        str(path.relative_to(ROOT))
        for package in OURS
        for path in files(package)
        if library in packages(path)
    }

    assert len(doors) <= 1, doors


@pytest.mark.slow
def test_the_daemon_carries_no_library_that_only_tools_need() -> None:
    """Each would cost an access point megabytes (ARCHITECTURE, §9 and §10)."""
    heavy = [
        *("sqlite_utils", "lxml", "PIL", "mammoth", "mutagen", "nh3", "hypothesis", "pytest"),
        "nacl",
        *("feedparser", "trafilatura", "selectolax", "protego"),
        *("docx", "xlsxwriter", "reports"),
        *("reportlab", "paper"),
    ]
    script = f"import sys, portal.daemon; print(*sorted(set(sys.modules) & set({heavy!r})))"

    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert loaded.stdout.split() == []


@pytest.mark.slow
def test_the_daemon_does_not_open_the_staff_s_database() -> None:
    """It shows releases; drafts, accounts and the audit trail are another process's."""
    script = "import sys, portal.daemon; print(*(m for m in sys.modules if 'content_' in m))"

    loaded = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert {"splash.content_store", "splash.content_database"} & set(loaded.stdout.split()) == set()


def test_only_task_groups_make_tasks() -> None:
    """asyncio's own would leave tasks without an owner; a loop's are the same."""
    owners = {"tasks", "group", "task_group"}
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for package in OURS
        for path in files(package)
        for node in nodes(path)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("create_task", "ensure_future")
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id in owners)
    ]

    assert wrong == []

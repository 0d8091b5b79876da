"""The Word draft as LibreOffice lays it out on pages; they are kept in artefacts/screenshots."""

import shutil
import subprocess
from pathlib import Path

import pytest

from reports import document
from tests.unit.reports.made import a_report

SCREENSHOTS = Path(__file__).parents[2] / "artefacts/screenshots"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not (shutil.which("soffice") and shutil.which("pdftotext")),
        reason="needs LibreOffice Writer and poppler: scripts/setup --test installs them",
    ),
]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """The lines of each page, as they stand."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "report.docx").write_bytes(document.written(a_report()))
    home = f"-env:UserInstallation=file://{folder}/home"
    subprocess.run(
        ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", folder,
         folder / "report.docx"],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["pdftoppm", "-r", "70", "-png", folder / "report.pdf", SCREENSHOTS / "report"], check=True
    )
    text = subprocess.run(
        ["pdftotext", "-layout", folder / "report.pdf", "-"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    # LibreOffice may write marks apart from their letters; a line is compared without spaces.
    return [
        [" ".join(line.split()) for line in page.splitlines() if line.strip()]
        for page in text.split("\f")
        if page.strip()
    ]


def test_the_head_stands_in_two_columns_and_nothing_of_the_right_one_is_broken(
    pages: list[list[str]],
) -> None:
    first = pages[0]

    assert first[0].endswith("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM")
    assert any(line.endswith("Độc lập - Tự do - Hạnh phúc") for line in first[:3])
    assert any(line.startswith("Số: /BC-LĐLĐ") and "Hải Phòng, ngày" in line for line in first)


def test_pages_are_numbered_from_the_second_on_and_annexes_anew(pages: list[list[str]]) -> None:
    annex = next(n for n, page in enumerate(pages) if "Phụ lục I" in page)

    assert [page[0] for page in pages[1:annex]] == [str(n) for n in range(2, annex + 1)]
    assert [page[0] for page in pages if any(line.startswith("Phụ lục ") for line in page[:2])] == [
        "1"
    ] * 7


def test_every_chart_has_its_title_below(pages: list[list[str]]) -> None:
    lines = [line for page in pages for line in page]

    assert [line for line in lines if line.startswith("Hình ")] == [
        "Hình 1. Số lượt truy cập theo tháng",
        "Hình 2. Thời gian mạng hoạt động theo tháng, %",
        "Hình 3. Số lượt mở bài theo tháng",
    ]


def test_the_signature_stands_beside_the_recipients(pages: list[list[str]]) -> None:
    lines = [line for page in pages for line in page]

    assert "Nơi nhận: TM. BAN THƯỜNG VỤ" in lines

"""What the handover sheet ("Biên bản bàn giao") says. Pure; how it looks: `paper.draw_handover`.

An official paper in Vietnamese. Number, day, names and signatures are people's to write.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from paper import words
from paper.place import Place
from paper.selftest import Finding, SelfTest

BY_HAND: Final = (
    "Đã tắt Wi-Fi của modem (ONT) nhà mạng; modem nối với thiết bị bằng dây mạng.",
    "Đã tự vào mạng bằng điện thoại theo đúng ba bước trên áp phích.",
    "Áp phích và nội quy đã dán ở nơi mọi người ở trọ nhìn thấy.",
    "Thiết bị đặt nơi thoáng, khô, cao quá tầm tay; dây nguồn chắc, có nhãn “Không rút”.",
    "Đã chỉ chủ nhà cách tắt, bật lại thiết bị và số điện thoại cần gọi khi hỏng.",
)
"""What a technician has looked at: no program can."""

SIGNATURES: Final = ("KỸ THUẬT VIÊN", "CHỦ NHÀ TRỌ", "ĐẠI DIỆN CÔNG ĐOÀN")


@dataclass(frozen=True, slots=True)
class Handover:
    parent: str
    body: str
    subject: str
    parties: tuple[tuple[str, ...], ...]
    """For each party, what is to be written by hand."""
    rows: tuple[tuple[str, str], ...]
    """What and its value; an empty value is a line to write on."""
    tested: str
    failed: tuple[Finding, ...]
    passed: tuple[Finding, ...]
    """Those that nobody could look at are the last."""
    by_hand: tuple[str, ...]
    closing: tuple[str, ...]
    signatures: tuple[str, ...]

    @property
    def untested(self) -> bool:
        return not self.failed and not self.passed


def handover(place: Place, test: SelfTest | None) -> Handover:
    """The sheet of a house; without a self-test there is room to write its results."""
    site = place.site
    findings = [_clean(each) for each in test.findings] if test else []
    return Handover(
        parent=words.one_line(site.org, 160).upper(),
        body=words.one_line(site.unit, 160).upper(),
        subject=f"Bàn giao mạng Wi-Fi miễn phí tại {words.one_line(site.name, 160)}",
        parties=(
            ("1. Kỹ thuật viên:", "Đơn vị:", "Điện thoại:"),
            ("2. Chủ nhà trọ:", "Phòng, nhà số:", "Điện thoại:"),
            ("3. Đại diện công đoàn:", "Chức vụ:", "Điện thoại:"),
        ),
        rows=tuple(_rows(place, test)),
        tested=_tested(test),
        failed=tuple(each for each in findings if not each.good),
        passed=tuple(
            sorted((each for each in findings if each.good), key=lambda each: not each.looked)
        ),
        by_hand=BY_HAND,
        closing=tuple(_closing(place)),
        signatures=SIGNATURES,
    )


def _rows(place: Place, test: SelfTest | None) -> Iterator[tuple[str, str]]:
    site = place.site
    size = [f"{place.rooms} phòng"] if place.rooms else []
    size += [f"{place.residents} người ở"] if place.residents else []
    yield "Địa điểm", f"{words.one_line(site.name, 120)} (mã {place.code})"
    yield "Địa chỉ", words.one_line(place.address, 160)
    yield "Quy mô", ", ".join(size)
    yield "Tên mạng Wi-Fi", words.one_line(place.ssid)
    yield "Loại thiết bị", words.one_line(test.model, 80) if test else ""
    yield "Số máy (S/N)", ""
    yield "Phần mềm", f"union-portal {words.one_line(test.version, 40)}" if test else ""
    yield "Thiết bị kèm theo", ""


def _tested(test: SelfTest | None) -> str:
    if test is None:
        return "Chưa có kết quả lưu trong máy; ghi tay kết quả của từng mục:"
    good = sum(each.good and each.looked for each in test.findings)
    unseen = sum(each.good and not each.looked for each in test.findings)
    when = f"{test.made:%H:%M} ngày {test.made:%d/%m/%Y}"
    more = f", {unseen} mục máy không xem được" if unseen else ""
    return f"Máy tự kiểm tra lúc {when}: {good}/{len(test.findings)} mục đạt{more}."


def _clean(finding: Finding) -> Finding:
    return Finding(
        finding.good,
        finding.looked,
        words.one_line(finding.subject, 60),
        words.one_line(finding.found, 120),
        words.one_line(finding.advice, 200),
    )


def _closing(place: Place) -> Iterator[str]:
    call = f" Khi hỏng, gọi {words.unbroken(place.site.phone)}." if place.site.phone else ""
    yield (
        "Mạng do công đoàn đài thọ, người ở trọ dùng không mất tiền; không ai được thu tiền. Chủ"
        f" nhà không tắt nguồn, không rút dây, không đổi cài đặt của thiết bị và modem.{call}"
    )
    yield (
        "Các bên thống nhất nội dung trên. Biên bản lập thành 02 bản có giá trị như nhau: chủ nhà"
        " trọ giữ 01 bản, công đoàn giữ 01 bản."
    )

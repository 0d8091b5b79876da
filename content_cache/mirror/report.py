"""What a run found, for staff: in Vietnamese words and as JSON. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final, Literal

from content_cache.mirror.dates import VIETNAM

State = Literal["new", "changed", "unchanged", "duplicate", "failed"]

WORDS: Final = {
    # Pages that could not be mirrored.
    "address": "địa chỉ viết sai",
    "private": "máy chủ {} nằm trong mạng nội bộ, không được phép tải",
    "foreign-host": "trang chuyển sang máy chủ khác ({}); nếu đúng, thêm vào hosts của nguồn",
    "robots": "trang yêu cầu không sao chép (robots.txt)",
    "robots-silent": "không đọc được robots.txt của trang ({})",
    "host-silent": "máy chủ {} không trả lời, bỏ qua các trang còn lại; sẽ thử lại lần sau",
    "unreachable": "không kết nối được ({})",
    "slow": "máy chủ trả lời quá chậm, đã dừng sau {} giây; sẽ thử lại lần sau",
    "loop": "trang chuyển hướng vòng quanh, không tới được bài",
    "status": "máy chủ báo lỗi {}",
    "large": "trang quá lớn, hơn {} MB",
    "kind": "không phải trang web ({})",
    "script": "trang cần JavaScript mới hiện nội dung; hãy nhập bài bằng tay",
    "no-body": "không thấy nội dung theo quy tắc body; trang có thể đã đổi giao diện",
    "empty": "không tìm thấy bài viết trong trang",
    "no-title": "không tìm thấy tiêu đề",
    "old-font": "chữ kiểu cũ TCVN3 (.VnTime), không đọc được; hãy nhập bài bằng tay",
    "no-articles": "không tìm thấy bài nào; hãy xem lại url và quy tắc link",
    # What became of it among the texts of the staff.
    "not-saved": "không lưu được: {}",
    "edited": "bài đã được sửa bằng tay ở đây, giữ nguyên bản đó",
    "withdrawn": "bài đã bị gỡ ở đây, không tự đăng lại",
    "unfinished": "còn là bản nháp: {}",
    # What staff should know of a page that was mirrored.
    "duplicate": "trùng với bài {}",
    "charset": "bảng mã khai sai, đã tự sửa; hãy xem lại dấu tiếng Việt",
    "no-date": "không rõ ngày đăng",
    "future": "ngày đăng ở tương lai ({})",
    "cut": "bài quá dài, chỉ giữ phần đầu và đường dẫn tới bản đầy đủ",
    "title-cut": "tiêu đề quá dài, đã rút gọn",
    "picture-foreign": "bỏ ảnh từ máy chủ khác ({}); nếu đúng, thêm vào hosts của nguồn",
    "picture-missing": "không tải được ảnh ({})",
    "picture-large": "bỏ ảnh quá lớn ({})",
    "picture-bad": "bỏ tệp không phải ảnh ({})",
}
"""Reason -> words; `{}` is its detail."""

SILENT: Final = frozenset(("picture-small",))
"""Reasons that are no news: icons, and pixels that count readers."""

_HEADS: Final[dict[State, str]] = {
    "new": "Bài mới",
    "changed": "Bài có thay đổi",
    "unchanged": "Không đổi",
    "duplicate": "Trùng bài",
    "failed": "Không lấy được",
}


@dataclass(frozen=True, slots=True)
class Note:
    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return WORDS[self.reason].format(self.detail)


@dataclass(frozen=True, slots=True)
class Line:
    """One article, or one page that should have been one."""

    state: State
    address: str
    title: str = ""
    id: str = ""
    notes: tuple[Note, ...] = ()
    """Why it failed; or what to look at."""


@dataclass(frozen=True, slots=True)
class Report:
    source: str
    title: str
    began: float
    """Unix seconds."""
    seconds: float
    asked: int
    """Requests to the site."""
    fetched: int
    """Of these, how many brought something new."""
    lines: tuple[Line, ...]

    def count(self, state: State) -> int:
        return Counter(line.state for line in self.lines)[state]


def as_json(report: Report) -> dict[str, Any]:
    """The report as JSON holds it; each note also has its words."""
    document = asdict(report)
    for line, row in zip(report.lines, document["lines"], strict=True):
        row["notes"] = [
            {"reason": note.reason, "detail": note.detail, "vi": str(note)} for note in line.notes
        ]
    return document


def in_vietnamese(report: Report) -> str:
    """The report as staff read it: sums first, then what needs a person, then what is new."""
    when = datetime.fromtimestamp(report.began, VIETNAM).strftime("%d/%m/%Y %H:%M")
    sums = ", ".join(f"{_HEADS[state].lower()}: {report.count(state)}" for state in _HEADS)
    text = [f"{report.title} – {when}", f"  {sums}"]
    text += _part("Không lấy được", [line for line in report.lines if line.state == "failed"])
    noted = [
        line for line in report.lines if line.state not in ("failed", "duplicate") and line.notes
    ]
    text += _part("Cần xem lại", noted)
    text += _part("Bài mới", [line for line in report.lines if line.state == "new"], notes=False)
    changed = [line for line in report.lines if line.state == "changed"]
    text += _part("Bài có thay đổi", changed, notes=False)
    return "\n".join(text) + "\n"


def _part(head: str, lines: Sequence[Line], *, notes: bool = True) -> list[str]:
    if not lines:
        return []
    text = ["", f"{head} ({len(lines)}):"]
    for line in lines:
        text.append(f"  - {line.title or line.address}")
        if line.title and notes:
            text.append(f"    {line.address}")
        text += [f"    {note}" for note in line.notes] if notes else []
    return text

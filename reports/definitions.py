"""What every figure of a report means, and what it does not. Pure data, in both languages.

Whoever reads a number reads the two lines beside it: no output leaves them out.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from splash.content import Words

Unit: TypeAlias = Literal["", "day", "minute", "hour", "gb", "percent", "dong", "points"]

UNITS: Final[dict[Unit, Words]] = {
    "": Words(""),
    "day": Words("ngày", "days"),
    "minute": Words("phút", "minutes"),
    "hour": Words("giờ", "hours"),
    "gb": Words("GB", "GB"),
    "percent": Words("%", "%"),
    "dong": Words("đồng", "đồng"),
    "points": Words("% số câu", "% of the questions"),
}


@dataclass(frozen=True, slots=True)
class Definition:
    key: str
    unit: Unit
    decimals: int
    name: Words
    what: Words
    """How it is counted."""
    limits: Words
    """What it cannot say."""


def _of(
    key: str,
    unit: Unit,
    decimals: int,
    name: tuple[str, str],
    what: tuple[str, str],
    limits: tuple[str, str] = ("", ""),
) -> Definition:
    return Definition(key, unit, decimals, Words(*name), Words(*what), Words(*limits))


_TYPED_IN: Final = (
    "Số do cán bộ nhập, hệ thống không tự đếm.",
    "Typed in by staff; nothing counts it.",
)
_COST_LIMIT: Final = (
    "Chỉ gồm khoản cán bộ đã nhập; không gồm công của cán bộ và phần nhà mạng miễn phí.",
    "Only what staff entered; neither staff's work nor what the provider gives for free.",
)
_KEPT: Final = (
    "Câu hỏi và báo hỏng bị xóa một thời gian sau khi xử lý xong; kỳ cũ có thể thiếu nếu không"
    " xuất tệp hằng tháng.",
    "Questions and reports are deleted some time after they are dealt with; older periods may lack"
    " some unless exports are made every month.",
)

DEFINITIONS: Final = (
    _of(
        "sites", "", 0,
        ("Số địa điểm", "Sites"),
        ("Số địa điểm có trong báo cáo.", "How many sites the report is about."),
    ),
    _of(
        "rooms", "", 0,
        ("Số phòng", "Rooms"),
        ("Cộng số phòng của các địa điểm.", "The rooms of all sites."),
        _TYPED_IN,
    ),
    _of(
        "residents", "", 0,
        ("Số người ở", "Residents"),
        ("Cộng số người ở của các địa điểm.", "The residents of all sites."),
        _TYPED_IN,
    ),
    _of(
        "known_days", "day", 0,
        ("Số ngày có ghi chép", "Days with records"),
        (
            "Số ngày trong kỳ mà hệ thống có ghi lại điều gì; nhiều địa điểm thì cộng lại.",
            "Days of the period of which something was recorded; added up over sites.",
        ),
        (
            "Ngày không có ghi chép không được ước tính thêm.",
            "Nothing is estimated for days without records.",
        ),
    ),
    _of(
        "sessions", "", 0,
        ("Số lượt truy cập", "Sessions"),
        (
            "Một lượt là từ lúc một máy bấm đồng ý đến lúc hết giờ, kể cả khi được gia hạn giữa"
            " chừng; tính vào ngày bắt đầu.",
            "A session runs from a device's tap until its time ends, renewals included; it counts"
            " on the day it began.",
        ),
        (
            "Lượt không phải là người: một người có thể có nhiều lượt, nhiều máy.",
            "A session is not a person: one person may have many sessions and devices.",
        ),
    ),
    _of(
        "sessions_a_day", "", 1,
        ("Số lượt mỗi ngày", "Sessions a day"),
        (
            "Số lượt chia cho số ngày có ghi chép.",
            "Sessions divided by the days with records.",
        ),
    ),
    _of(
        "devices", "", 0,
        ("Số máy mỗi tháng, trung bình (ước tính)", "Devices a month, on average (estimate)"),
        (
            "Số mã máy khác nhau trong từng tháng (theo giờ UTC), lấy trung bình các tháng.",
            "Different names of devices within a month (of UTC), averaged over the months.",
        ),
        (
            "Cao hơn thực tế: điện thoại có thể tự đổi địa chỉ MAC và được đếm là máy mới. Mã máy"
            " đổi mỗi tháng nên không cộng được qua các tháng. Không phải số người.",
            "Too high: a phone may change its MAC address by itself and then counts as a new one."
            " Names change every month, so months cannot be added. Not a number of persons.",
        ),
    ),
    _of(
        "devices_most", "", 0,
        ("Số máy trong tháng nhiều nhất (ước tính)", "Devices in the busiest month (estimate)"),
        ("Như trên, của tháng có nhiều máy nhất.", "As above, of the month with most devices."),
        ("Như trên.", "As above."),
    ),
    _of(
        "median_minutes", "minute", 0,
        ("Thời lượng giữa của một lượt", "Median length of a session"),
        (
            "Một nửa số lượt ngắn hơn, một nửa dài hơn; tính theo phút tròn, chỉ lượt đã kết thúc.",
            "Half of the sessions were shorter, half longer; in whole minutes, of ended sessions.",
        ),
        (
            "Là thời gian được mở mạng, không phải thời gian nhìn màn hình.",
            "The time the network was open, not the time somebody looked at a screen.",
        ),
    ),
    _of(
        "online_hours", "hour", 0,
        ("Tổng thời gian các lượt", "Length of all sessions"),
        ("Cộng thời lượng các lượt đã kết thúc.", "The lengths of all ended sessions."),
    ),
    _of(
        "peak", "", 0,
        ("Số lượt cùng lúc nhiều nhất", "Most sessions at once"),
        (
            "Nhiều nhất tại một thời điểm; với nhiều địa điểm là của nơi cao nhất.",
            "The most at one moment; of several sites, that of the highest.",
        ),
        (
            "Chỉ biết của những ngày còn chi tiết từng lượt.",
            "Known only of days whose sessions are still kept one by one.",
        ),
    ),
    _of(
        "gb", "gb", 1,
        ("Dung lượng", "Data"),
        (
            "Tải xuống và tải lên của các lượt, 1 GB là 1.000.000.000 byte.",
            "What sessions received and sent; 1 GB is 1,000,000,000 bytes.",
        ),
        (
            "Không ghi người dùng xem gì; không gồm dung lượng trước khi bấm đồng ý.",
            "Nothing says what people looked at; what passed before the tap is not in it.",
        ),
    ),
    _of(
        "down_gb", "gb", 1,
        ("trong đó tải xuống", "of it received"),
        ("Phần các máy nhận về.", "What devices received."),
    ),
    _of(
        "uptime", "percent", 2,
        ("Thời gian mạng hoạt động, ít nhất", "Uptime, at least"),
        (
            "Phần thời gian được theo dõi mà đường truyền và thiết bị đều hoạt động.",
            "The share of the time watched in which both line and gateway worked.",
        ),
        (
            "Khi mất điện không ghi được gì: thời gian ngừng tính từ dòng ghi cuối cùng, nên số này"
            " thấp hơn hoặc bằng thực tế. Không đo chất lượng sóng Wi-Fi.",
            "Without power nothing is written: a stop counts from the last line before it, so this"
            " is at most the truth. The radio's quality is not measured.",
        ),
    ),
    _of(
        "outages", "", 0,
        ("Số lần mất đường truyền", "Outages of the line"),
        (
            "Số lần thiết bị xác nhận đường truyền mất (3 lần kiểm tra liền nhau).",
            "How often the gateway was sure that the line was down (3 looks in a row).",
        ),
        ("Không đếm lần mất ngắn hơn vài giây.", "Outages of a few seconds are not counted."),
    ),
    _of(
        "outage_hours", "hour", 1,
        ("Tổng thời gian mất đường truyền", "Length of all outages"),
        ("Từ lần kiểm tra hỏng đầu tiên đến khi có lại.", "From the first look that failed."),
    ),
    _of(
        "stops", "", 0,
        ("Số lần thiết bị ngừng", "Stops of the gateway"),
        (
            "Mất điện, khởi động lại hoặc lỗi chương trình.",
            "Power cuts, restarts and faults of the program.",
        ),
        ("Máy đã mở mạng vẫn dùng được khi chỉ chương trình khởi động lại.",
         "Where only the program restarts, open devices stay online."),
    ),
    _of(
        "stopped_hours", "hour", 1,
        ("Tổng thời gian thiết bị ngừng, nhiều nhất", "Length of all stops, at most"),
        (
            "Từ dòng ghi cuối cùng trước khi ngừng đến lúc chạy lại.",
            "From the last line written before a stop to the new start.",
        ),
    ),
    _of(
        "faults", "", 0,
        ("Số lần báo mạng hỏng", "Faults reported"),
        ("Số lần bấm gửi “Báo mạng hỏng”.", "How often “Báo mạng hỏng” was sent."),
        _KEPT,
    ),
    _of(
        "questions", "", 0,
        ("Số câu hỏi gửi Công đoàn", "Questions to the union"),
        ("Số câu hỏi nhận được trong kỳ.", "Questions received in the period."),
        _KEPT,
    ),
    _of(
        "answered", "", 0,
        ("Số câu hỏi đã trả lời", "Questions answered"),
        ("Số câu được trả lời trong kỳ.", "Questions answered in the period."),
        _KEPT,
    ),
    _of(
        "views", "", 0,
        ("Số lượt mở bài", "Article views"),
        (
            "Số lần trang của một bài, thông báo hoặc chiến dịch được mở.",
            "How often the page of an article, notice or campaign was opened.",
        ),
        (
            "Mở không có nghĩa là đọc hết; một người mở hai lần là hai lượt.",
            "Opened is not read to the end; one person who opens twice counts twice.",
        ),
    ),
    _of(
        "completed_reads", "", 0,
        ("Số lượt đọc hết", "Completed reads"),
        (
            "Số lần người đọc bấm “Đã đọc xong, xem bài khác” ở cuối bài.",
            "How often a reader tapped “I have read it, show me others” at the end of an article.",
        ),
        (
            "Ít hơn thực tế: ai đọc hết mà không bấm thì không được đếm. Không theo dõi người đọc"
            " nên cũng không biết người bấm có đọc thật không. Bấm hai lần là hai lượt.",
            "Fewer than the truth: who reads and does not tap is not counted. Nobody is followed,"
            " so whether who taps has read is not known either. Two taps count twice.",
        ),
    ),
    _of(
        "website_clicks", "", 0,
        ("Số lượt bấm sang trang của Công đoàn", "Clicks to the federation's website"),
        (
            "Số lần đường dẫn sang trang web, hoặc sang bài gốc ở đó, được bấm khi máy đang vào"
            " mạng.",
            "How often a link to the website, or to an article's original there, was followed by a"
            " device that is online.",
        ),
        (
            "Ai gõ thẳng địa chỉ trang web thì không được đếm. Bấm không có nghĩa là trang đã"
            " hiện.",
            "Who types the website's address is not counted. A tap does not say that it was shown.",
        ),
    ),
    _of(
        "quiz_entries", "", 0,
        ("Số lượt thi tìm hiểu", "Quizzes finished"),
        ("Số lần làm xong một bài thi.", "How often a quiz was finished."),
        ("Ai thi lại được đếm thêm.", "Who does it again counts again."),
    ),
    _of(
        "quiz_score", "points", 0,
        ("Điểm thi trung bình", "Average score"),
        (
            "Số câu đúng trên số câu hỏi, trung bình mọi lượt thi của các bài còn biết số câu.",
            "Right answers out of all, averaged over quizzes whose number of questions is known.",
        ),
    ),
    _of(
        "poll_votes", "", 0,
        ("Số phiếu thăm dò", "Votes in polls"),
        (
            "Số phiếu được bỏ trong kỳ, cộng các thăm dò; kể cả phiếu sau đó được rút lại.",
            "Votes cast in the period, in all polls; also those that were taken back later.",
        ),
        (
            "Theo ngày chỉ đếm số phiếu, không ghi chọn gì: ở khu ít người, lựa chọn kèm ngày có"
            " thể lộ ra ai chọn. Bảng kết quả là của cả đợt thăm dò. Máy đổi MAC thì bầu lại được.",
            "By day votes are counted, not what they say: in a small house an option with its day"
            " could tell whose it was. The table of results is of the whole poll. Who changes the"
            " MAC address may vote again.",
        ),
    ),
    _of(
        "spent_running", "dong", 0,
        ("Chi thường xuyên", "Running costs"),
        (
            "Cước tháng (tính theo ngày) và sửa chữa trong kỳ.",
            "Monthly fees (by days) and repairs of the period.",
        ),
        _COST_LIMIT,
    ),
    _of(
        "spent_once", "dong", 0,
        ("Chi một lần", "Paid once"),
        ("Lắp đặt và thiết bị chi trong kỳ.", "Installation and equipment paid in the period."),
        _COST_LIMIT,
    ),
    _of(
        "cost_month", "dong", 0,
        ("Chi thường xuyên mỗi tháng", "Running costs a month"),
        ("Chi thường xuyên chia cho số tháng của kỳ.", "Running costs divided by the months."),
        _COST_LIMIT,
    ),
    _of(
        "cost_session", "dong", 0,
        ("Chi thường xuyên cho một lượt truy cập", "Running costs per session"),
        ("Chi thường xuyên chia cho số lượt.", "Running costs divided by sessions."),
        ("Như số lượt: không phải một người.", "As with sessions: not a person."),
    ),
    _of(
        "cost_resident", "dong", 0,
        ("Chi thường xuyên cho một người ở, mỗi tháng", "Running costs per resident and month"),
        (
            "Chi thường xuyên chia cho số người ở và số tháng.",
            "Running costs divided by residents and months.",
        ),
        ("Chia cho mọi người ở, kể cả ai không dùng.", "Of all residents, users or not."),
    ),
    _of(
        "cost_read", "dong", 0,
        ("Chi thường xuyên cho một lượt mở bài", "Running costs per article view"),
        ("Chi thường xuyên chia cho số lượt mở bài.", "Running costs divided by article views."),
        (
            "Toàn bộ chi phí mạng được chia cho lượt mở bài, dù mạng còn để dùng việc khác.",
            "All costs of the network fall on views, although it serves other things, too.",
        ),
    ),
    _of(
        "cost_full_read", "dong", 0,
        ("Chi thường xuyên cho một lượt đọc hết", "Running costs per completed read"),
        ("Chi thường xuyên chia cho số lượt đọc hết.", "Running costs divided by completed reads."),
        (
            "Như trên; và vì lượt đọc hết đếm được ít hơn thực tế nên số này cao hơn thực tế.",
            "As above; and because fewer reads are counted than there are, this is too high.",
        ),
    ),
)  # fmt: skip

BY_KEY: Final = {one.key: one for one in DEFINITIONS}

SHORT: Final = {
    "known_days": Words("Ngày có ghi chép", "Days with records"),
    "sessions": Words("Lượt truy cập", "Sessions"),
    "devices": Words("Số máy (ước tính)", "Devices (estimate)"),
    "median_minutes": Words("Thời lượng giữa (phút)", "Median (minutes)"),
    "peak": Words("Cùng lúc nhiều nhất", "Most at once"),
    "gb": Words("Dung lượng (GB)", "Data (GB)"),
    "uptime": Words("Hoạt động ít nhất (%)", "Uptime, at least (%)"),
    "outages": Words("Số lần mất đường truyền", "Outages"),
    "outage_hours": Words("Giờ mất đường truyền", "Hours of outage"),
    "faults": Words("Báo mạng hỏng", "Faults reported"),
    "questions": Words("Câu hỏi", "Questions"),
    "views": Words("Lượt mở bài", "Article views"),
    "completed_reads": Words("Lượt đọc hết", "Completed reads"),
    "website_clicks": Words("Bấm sang trang Công đoàn", "Clicks to the website"),
    "quiz_entries": Words("Lượt thi", "Quizzes"),
    "spent_running": Words("Chi thường xuyên (đồng)", "Running costs (đồng)"),
    "cost_month": Words("Chi mỗi tháng (đồng)", "Costs a month (đồng)"),
    "cost_session": Words("Chi mỗi lượt (đồng)", "Costs per session (đồng)"),
    "cost_read": Words("Chi mỗi lượt mở bài (đồng)", "Costs per view (đồng)"),
    "rooms": Words("Số phòng", "Rooms"),
    "residents": Words("Số người ở", "Residents"),
}
"""For the heads of tables with many columns."""

FAULT_KINDS: Final = {
    "no-internet": Words("Không có mạng", "No Internet"),
    "slow": Words("Mạng chậm", "Slow"),
    "drops": Words("Mạng chập chờn", "Drops"),
    "no-page": Words("Không hiện trang chào", "No welcome page"),
    "other": Words("Khác", "Other"),
}

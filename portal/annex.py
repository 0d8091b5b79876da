"""The annex of the impact assessment on personal data, in Vietnamese, from the configuration.

What is true of the program is written here; what is true of the site comes from portal.toml;
what only people can say (measures on paper, who decided) is left as a line of dots. It is a draft
until somebody signs it.
"""

from datetime import date

from portal.config import Config
from portal.sealing import SEALED_DAYS
from splash.views import DRAW_DAYS, PRIZE_DAYS

_DOTS = "…………………………"


def annex(config: Config, version: str, conditions: str, today: date) -> str:
    """The annex as Markdown. `version` is the program's, `conditions` that of the notice shown."""
    sealed = config.privacy.profile == "sealed"
    parts = [
        _head(config, version, conditions, today),
        _inventory(config, sealed=sealed),
        _not_collected(config),
        _flow(config, sealed=sealed),
        _recipients(config, sealed=sealed),
        _rights(config),
        _risks(config, sealed=sealed),
        _signature(),
    ]
    return "\n".join(parts)


def _table(*rows: tuple[str, ...]) -> str:
    head, *rest = rows
    lines = [head, tuple("---" for _ in head), *rest]
    cells = (tuple(cell.replace("|", "\\|") for cell in line) for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells) + "\n"


def _head(config: Config, version: str, conditions: str, today: date) -> str:
    site, who = config.site, config.organisation
    profile = (
        "**niêm phong** (sealed): ngoài mức tối thiểu, lưu thêm bản ghi mã hóa, thiết bị không tự"
        " mở được"
        if config.privacy.profile == "sealed"
        else "**tối thiểu** (minimal): chỉ mã máy đã che; không truy ra được cá nhân"
    )
    rows = _table(
        ("Mục", "Nội dung"),
        ("Khu trọ", f"{site.name} (mã: {site.id})"),
        ("Địa chỉ", site.address or _DOTS),
        ("Quy mô", f"{site.rooms or '……'} phòng, {site.residents or '……'} người ở"),
        ("Bên kiểm soát dữ liệu", who.name),
        ("Đơn vị chịu trách nhiệm", who.unit),
        ("Người chịu trách nhiệm", who.responsible or _DOTS),
        ("Liên hệ", ", ".join(filter(None, (who.phone, who.email, who.address))) or _DOTS),
        ("Chế độ lưu", profile),
        ("Bản thông báo đang hiển thị", conditions),
        ("Phần mềm", f"union-portal {version}"),
    )
    return f"""# PHỤ LỤC: ĐÁNH GIÁ TÁC ĐỘNG XỬ LÝ DỮ LIỆU CÁ NHÂN

**Dự thảo, chưa ký.** Lập tự động từ cấu hình ngày {today:%d/%m/%Y}. Cán bộ pháp chế phải rà soát,
điền chỗ chấm và đối chiếu với Luật Bảo vệ dữ liệu cá nhân (91/2025/QH15), Nghị định 356/2025/NĐ-CP.

## 1. Thông tin chung

{rows}
Mục đích: cung cấp Wi-Fi miễn phí cho người lao động; chia đều đường truyền;
đếm số lượt dùng để báo cáo.
Căn cứ: sự đồng ý của người dùng (bấm nút, không đánh dấu sẵn; im lặng không phải là đồng ý).
"""


def _inventory(config: Config, *, sealed: bool) -> str:
    days = f"{config.privacy.keep_days} ngày, sau đó chỉ còn tổng theo ngày"
    memory = "không ghi xuống đĩa; mất khi tắt"
    log, answers = "sessions.db", "answers.db"
    rows = [
        ("Dữ liệu", "Dạng lưu", "Nơi lưu", "Thời hạn"),
        ("Địa chỉ MAC, địa chỉ IP trong nhà", "nguyên gốc", "bộ nhớ, nhân hệ điều hành", memory),
        (
            "Mã máy đã che",
            "HMAC-SHA256 của MAC, khóa riêng của khu trọ, đổi mỗi tháng",
            log,
            days,
        ),
        (
            "Khóa để che",
            "2 khóa tháng gần nhất và 1 khóa lâu dài (chỉ cho danh sách chặn)",
            "pseudonym-keys.json, chỉ tiến trình đọc được",
            "khóa tháng bị hủy sau khoảng 2 tháng; từ đó không ai biết mã là của máy nào",
        ),
        ("Giờ bắt đầu, kết thúc; dung lượng mỗi lượt", "số", log, days),
        ("Sự đồng ý", "bản nội quy, thời điểm, mã máy đã che", log, days),
        (
            "Báo mạng hỏng, câu hỏi gửi Công đoàn",
            "chữ người dùng tự viết, không kèm mã máy; biểu mẫu nhắc đừng ghi tên",
            answers,
            f"{config.privacy.keep_days} ngày sau khi xử lý xong, nhiều nhất 1 năm; câu đã đăng"
            " công khai: đến khi gỡ",
        ),
        (
            "Phiếu thăm dò",
            "lựa chọn và dấu che: HMAC-SHA256 của MAC với khóa riêng của từng thăm dò",
            answers,
            "dấu che và khóa bị xóa khi thăm dò đóng; sau đó chỉ còn tổng",
        ),
        (
            "Điểm bài thi, lượt mở bài, lượt bấm “Đã đọc xong”, lượt bấm sang trang web của Công"
            " đoàn, số phiếu thăm dò (không kèm lựa chọn)",
            "tổng theo ngày; không có mã máy, không có giờ",
            answers,
            "3 năm",
        ),
        (
            "Bốc thăm nhận quà: tên, số điện thoại",
            "nguyên văn, theo đồng ý riêng (ô không đánh dấu sẵn), có mã để tự rút",
            answers,
            f"{PRIZE_DAYS} ngày sau khi trao quà, chậm nhất {DRAW_DAYS} ngày",
        ),
        ("Máy bị chặn", "mã che lâu dài, lý do cán bộ ghi", log, "đến khi bỏ chặn"),
        ("Tổng theo ngày", "số lượt, giây, byte; không có mã máy", log, "không giới hạn"),
    ]
    if sealed:
        rows.append(
            (
                "Bản ghi niêm phong: MAC, địa chỉ IP trong nhà, địa chỉ IP công khai của khu trọ,"
                " dải cổng nguồn cấp cho máy, giờ",
                "mã hóa bằng khóa công khai (libsodium sealed box)",
                "sealed/NGÀY.sealed",
                f"{SEALED_DAYS} ngày, sau đó tự xóa",
            )
        )
    return f"## 2. Danh mục dữ liệu\n\n{_table(*rows)}"


def _not_collected(config: Config) -> str:
    blocks = config.family_dns.upstream or config.family_dns.blocklist
    family = " Việc lọc tên miền đang bật cũng không ghi lại tên nào được hỏi." if blocks else ""
    return f"""## 3. Không thu thập

Họ tên, số điện thoại (trừ khi người dùng tự ghi để bốc thăm), giấy tờ, tuổi; tên miền
được hỏi (DNS), trang, ứng dụng, nội dung liên lạc; vị trí. Không dùng cookie.{family}
Một bài kiểm thử tìm trong mọi tệp chương trình ghi ra sau một ngày dùng
mô phỏng và không được thấy các dữ liệu này.
"""


def _flow(config: Config, *, sealed: bool) -> str:
    lines = [
        "1. Máy vào Wi-Fi: nhân hệ điều hành biết MAC và IP (trong bộ nhớ).",
        f"2. Người dùng đọc thông báo tại http://{config.portal.host}/ và bấm đồng ý.",
        "3. Chương trình cho MAC đi qua tường lửa, và ghi một dòng với mã máy đã che.",
        "4. Hết giờ, rời mạng hoặc rút đồng ý: MAC bị gỡ khỏi tường lửa, dòng ghi được khép lại.",
        f"5. Sau {config.privacy.keep_days} ngày: cộng vào tổng của ngày, xóa dòng.",
    ]
    if sealed:
        lines += [
            "6. Song song với bước 3 và 4: mỗi máy được cấp một dải cổng nguồn; MAC, IP, dải cổng,"
            " giờ được mã hóa ngay rồi mới ghi; khóa mở không bao giờ ở trên thiết bị. Từng kết nối"
            " thì không ghi.",
            "7. Khi có yêu cầu đúng pháp luật: hai người giữ khóa cùng mở trên máy riêng, trong"
            " phạm vi ghi trong yêu cầu; mỗi lần mở được ghi vào sổ nối chuỗi băm.",
        ]
    lines.append(
        "Dữ liệu nằm trong thiết bị tại khu trọ, tại Việt Nam; không chuyển ra nước ngoài."
    )
    return "## 4. Luồng dữ liệu\n\n" + "\n".join(lines) + "\n"


def _recipients(config: Config, *, sealed: bool) -> str:
    upstream = ", ".join(map(str, config.family_dns.upstream))
    resolver = f"máy chủ DNS lọc ({upstream})" if upstream else "máy chủ DNS của nhà mạng"
    authority = (
        "bản trích trong phạm vi yêu cầu, có chữ ký của hai người duyệt"
        if sealed
        else "dòng ghi theo mã che; **không truy ra được cá nhân**"
    )
    return "## 5. Bên nhận\n\n" + _table(
        ("Bên nhận", "Nhận gì"),
        (config.organisation.name, "số tổng trong báo cáo, không có mã máy"),
        ("Nhà mạng", "lưu lượng như mọi đường truyền khác; không nhận gì từ chương trình"),
        (resolver, "tên miền được hỏi, dưới địa chỉ chung của khu trọ"),
        ("Cơ quan có thẩm quyền, khi có yêu cầu đúng pháp luật", authority),
    )


def _rights(config: Config) -> str:
    return f"""## 6. Quyền của người dùng

Tại http://{config.portal.host}/my-data (mục “Dữ liệu của tôi”), không cần tài khoản: xem, tải bản
sao, xóa, rút đồng ý; có hiệu lực ngay.
Qua điện thoại, thư: trả lời trong 2 ngày làm việc ({_DOTS} là người trả lời).
Máy được nhận ra từ gói tin của chính nó, nên chỉ thấy dữ liệu của máy đang cầm.
"""


def _risks(config: Config, *, sealed: bool) -> str:
    rows = [
        ("Rủi ro", "Biện pháp", "Còn lại"),
        (
            "Mất trộm thiết bị",
            "chỉ có mã che; tệp khóa chỉ tiến trình đọc được",
            "ai có cả tệp khóa có thể thử một MAC đã biết với khoảng 2 tháng gần nhất",
        ),
        (
            "Nhân viên xem ai đang dùng",
            "lệnh quản trị chỉ cho root và nhóm portal",
            "MAC đang trên mạng hiện ra cho người quản trị, trong bộ nhớ",
        ),
        (
            "Tệp cấp địa chỉ của dnsmasq",
            "để trong bộ nhớ (tmpfs), thời hạn cấp ngắn",
            "không do chương trình này ghi: kiểm tra khi lắp đặt",
        ),
        (
            "Giả mạo MAC để xem dữ liệu của máy khác",
            "chỉ có giờ và dung lượng trên trang",
            "mạng Wi-Fi mở không phân biệt được hai máy cùng MAC",
        ),
        (
            "Trẻ em",
            "không hỏi tuổi, tên" + ("; có lọc tên miền" if config.family_dns.upstream else ""),
            "số 111 trên mọi trang",
        ),
    ]
    if sealed:
        rows.append(
            (
                "Mở bản niêm phong sai mục đích",
                "cần khóa và mật khẩu của hai người; lọc phạm vi; sổ nối chuỗi băm",
                "hai người thông đồng; xóa tệp trên thiết bị làm mất dữ liệu",
            )
        )
    return (
        "## 7. Rủi ro và biện pháp\n\n"
        + _table(*rows)
        + f"\nKhi lộ dữ liệu: thông báo trong 72 giờ; người phụ trách: {_DOTS}.\n"
    )


def _signature() -> str:
    return f"""## 8. Kết luận và phê duyệt

Kết luận của bên kiểm soát dữ liệu: {_DOTS}

Ngày …… tháng …… năm ……    Người lập: {_DOTS}    Người phê duyệt: {_DOTS}
"""

"""What the doctor says of the air: our own Wi-Fi, and the modem's."""

from typing import Final

from portal.doctor.wording import Words

_OFF_EN: Final = (
    "open the modem's page (192.168.1.1), switch its Wi-Fi (WLAN) off on 2.4 GHz and 5 GHz, then"
    " run this again"
)
_OFF_VI: Final = (
    "vào trang của modem (192.168.1.1), tắt Wi-Fi (WLAN) cả 2,4 GHz và 5 GHz, rồi kiểm tra lại"
)

AIR: Final[Words] = {
    # (found, advice) in English, then in Vietnamese
    "modem quiet": (
        ("off, as far as can be heard ({count} networks around)", ""),
        ("không nghe thấy ({count} mạng xung quanh)", ""),
    ),
    "modem sends": (("still on: {name}", _OFF_EN), ("vẫn đang bật: {name}", _OFF_VI)),
    "modem hidden": (
        ("still on, under a hidden name", _OFF_EN),
        ("vẫn đang bật, tên bị ẩn", _OFF_VI),
    ),
    "modem perhaps": (
        (
            "{count} networks nearby have a modem's usual name",
            "if one of them is this house's: " + _OFF_EN,
        ),
        (
            "gần đây có {count} mạng mang tên thường thấy của modem",
            "nếu là của nhà này: " + _OFF_VI,
        ),
    ),
    "modem unseen": (
        ("could not be listened for by this user", "as root: portal doctor; it needs `iw`"),
        ("người dùng này không dò sóng được", "với quyền root: portal doctor; cần chương trình iw"),
    ),
    "wifi sent": (
        ("“{name}” is on the air, radios: {radios}", ""),
        ("đang phát “{name}”, số sóng: {radios}", ""),
    ),
    "wifi none": (
        (
            "“{name}” is not on the air",
            "wifi up; uci show wireless; is the country set? If it has another name here, write"
            " that in [wifi] ssid",
        ),
        (
            "chưa phát “{name}”",
            "wifi up; uci show wireless; đã đặt mã nước (country) chưa? Nếu ở đây mạng mang tên"
            " khác thì ghi tên đó vào [wifi] ssid",
        ),
    ),
    "wifi elsewhere": (
        (
            "“{name}” ({where}) is not on the phones' network: its phones pass without a tap",
            "uci set wireless.….network=phones; uci commit wireless; wifi reload",
        ),
        (
            "“{name}” ({where}) không thuộc mạng điện thoại: máy vào đó không phải bấm nút",
            "uci set wireless.….network=phones; uci commit wireless; wifi reload",
        ),
    ),
    "wifi outside": (
        ("this machine has no radio: another device sends it", "try it with a phone"),
        ("máy này không có sóng riêng: thiết bị khác phát", "thử bằng điện thoại"),
    ),
    "wifi unseen": (
        ("could not be looked at", "install iw, then as root: portal doctor"),
        ("không xem được", "cài iw, rồi với quyền root: portal doctor"),
    ),
    "stations apart": (("yes", ""), ("có", "")),
    "stations joined": (
        (
            "phones on {which} reach each other",
            "uci set wireless.….isolate=1; uci commit wireless; wifi reload",
        ),
        (
            "điện thoại trên {which} thấy nhau",
            "uci set wireless.….isolate=1; uci commit wireless; wifi reload",
        ),
    ),
    "stations unseen": (
        ("could not be looked at by this user", "as root: portal doctor"),
        ("người dùng này không xem được", "với quyền root: portal doctor"),
    ),
}

"""What the doctor says of the phones' network: addresses, the portal as a phone sees it."""

from typing import Final

from portal.doctor.wording import Words

_RULES_EN: Final = "service portal restart; then the lines about rules above"
_RULES_VI: Final = "service portal restart; rồi xem các dòng về luật tường lửa"

PHONES: Final[Words] = {
    # (found, advice) in English, then in Vietnamese
    "dhcp offered": (
        ("a phone is offered an address, and this machine as router and resolver", ""),
        ("điện thoại được cấp địa chỉ, lối ra và DNS là máy này", ""),
    ),
    "dhcp silent": (
        (
            "a phone is offered no address",
            "service dnsmasq restart; DHCP has to be on for the phones' network",
        ),
        (
            "điện thoại không được cấp địa chỉ",
            "service dnsmasq restart; DHCP của mạng điện thoại phải bật",
        ),
    ),
    "dhcp other": (
        (
            "another machine ({server}) gives phones their addresses",
            "the modem is plugged into a LAN port: move its cable to WAN; or switch the other"
            " router off",
        ),
        (
            "máy khác ({server}) đang cấp địa chỉ cho điện thoại",
            "dây modem đang cắm vào cổng LAN: chuyển sang cổng WAN; hoặc tắt bộ phát kia",
        ),
    ),
    "dhcp astray": (
        ("phones are told of another router", "DHCP option 3 has to be this machine's address"),
        ("điện thoại được chỉ lối ra khác", "DHCP option 3 phải là địa chỉ của máy này"),
    ),
    "dhcp resolver": (
        ("phones are told of another resolver", "DHCP option 6 has to be this machine's address"),
        ("điện thoại được chỉ máy DNS khác", "DHCP option 6 phải là địa chỉ của máy này"),
    ),
    "dhcp unseen": (
        ("could not be tried here ({said})", "as root: portal doctor; it needs kmod-veth"),
        ("chưa thử được ở đây ({said})", "với quyền root: portal doctor; cần gói kmod-veth"),
    ),
    "announced unseen": (
        ("could not be tried here", "as root: portal doctor"),
        ("chưa thử được ở đây", "với quyền root: portal doctor"),
    ),
    "announced same": (("{api}", ""), ("{api}", "")),
    "announced needless": (
        ("none, and none is needed without https", ""),
        ("không có, và không cần khi chưa bật https", ""),
    ),
    "announced missing": (
        ("none", "give dnsmasq dhcp-option=114,{api} and restart it"),
        ("không có", "thêm dhcp-option=114,{api} vào dnsmasq rồi khởi động lại nó"),
    ),
    "announced other": (
        ("{said}, not {api}", "mend dhcp-option=114 of dnsmasq, and restart it"),
        ("{said}, không phải {api}", "sửa dhcp-option=114 của dnsmasq rồi khởi động lại nó"),
    ),
    "announced dead": (
        (
            "{said}, but nothing is served over https",
            "set [portal] https_port, tls_cert and tls_key, or take dhcp-option=114 away",
        ),
        (
            "{said}, nhưng máy này chưa có https",
            "đặt [portal] https_port, tls_cert, tls_key, hoặc bỏ dhcp-option=114",
        ),
    ),
    "captive led": (
        ("is held, and led to the page with the button", ""),
        ("bị giữ lại và được dẫn tới trang có nút xanh", ""),
    ),
    "captive pages": (
        (
            "the pages lead to the button; not tried through the rules",
            "to try that, as root: portal doctor",
        ),
        (
            "trang dẫn đúng tới nút xanh; chưa thử qua luật tường lửa",
            "muốn thử cả phần đó, với quyền root: portal doctor",
        ),
    ),
    "captive no pages": (
        ("the pages on port {port} do not answer", "service portal restart; then its log"),
        ("trang ở cổng TCP {port} không trả lời", "service portal restart; rồi xem nhật ký"),
    ),
    "captive silent": (
        ("its check is not answered: no page opens by itself", _RULES_EN),
        ("không ai trả lời: trang chào không tự mở", _RULES_VI),
    ),
    "captive passes": (
        ("is online without a tap", _RULES_EN),
        ("vào mạng không cần bấm", _RULES_VI),
    ),
    "captive other": (
        ("is answered {status} {location}, not led to {host}", _RULES_EN),
        ("nhận {status} {location}, không được dẫn tới {host}", _RULES_VI),
    ),
    "captive no page": (
        (
            "is led to {host}, but the page does not come ({page})",
            "look at the line names above, and at the gateway's log",
        ),
        (
            "được dẫn tới {host} nhưng trang không hiện ({page})",
            "xem dòng tên miền ở trên và nhật ký (logread)",
        ),
    ),
    "closed shut": (
        ("not reachable by phones (ssh, LuCI, staff)", ""),
        ("điện thoại không vào được (ssh, LuCI, trang cán bộ)", ""),
    ),
    "closed open": (
        (
            "phones reach port {ports}",
            "have uhttpd and dropbear listen on the management network only; then the rules above",
        ),
        (
            "điện thoại vào được cổng TCP {ports}",
            "cho uhttpd và dropbear chỉ nghe ở mạng quản trị; rồi xem luật tường lửa",
        ),
    ),
    "closed unseen": (
        (
            "something listens on port {ports}; whether phones reach it was not tried",
            "as root: portal doctor",
        ),
        (
            "có dịch vụ nghe ở cổng TCP {ports}; chưa thử điện thoại có vào được không",
            "với quyền root: portal doctor",
        ),
    ),
}

"""What the doctor says, in English and Vietnamese. No look is taken here.

`SUBJECTS` are the names of what was looked at; `WORDS` are what was found and, where something
needs doing, what to do. `{…}` is filled with what a look found; `{said}` is another program's own
words, which stay as they are.
"""

from typing import Final

from portal.doctor.wording import Words
from portal.doctor.words_air import AIR
from portal.doctor.words_gateway import GATEWAY
from portal.doctor.words_line import LINE
from portal.doctor.words_phones import PHONES

SUBJECTS: Final[dict[str, tuple[str, str]]] = {
    "configuration": ("configuration", "cấu hình"),
    "machine": ("this machine", "máy này"),
    "boot": ("switched on", "bật máy"),
    "kept": ("kind of storage", "loại bộ nhớ lưu"),
    "cable": ("cable of the line", "dây mạng vào"),
    "address": ("address of the line", "địa chỉ đường vào"),
    "nat": ("translation of addresses", "lớp mạng phía trước (NAT)"),
    "route": ("way out", "lối ra Internet"),
    "names": ("names (DNS)", "tên miền (DNS)"),
    "speed": ("speed of the line", "tốc độ đường truyền"),
    "rules": ("rules", "luật tường lửa"),
    "table": ("rules in the kernel", "luật trong nhân máy"),
    "modem": ("the modem's own Wi-Fi", "Wi-Fi của modem"),
    "wifi": ("our Wi-Fi", "Wi-Fi của máy này"),
    "stations": ("phones apart on the air", "tách điện thoại trên sóng Wi-Fi"),
    "dhcp": ("addresses for phones (DHCP)", "cấp địa chỉ cho điện thoại (DHCP)"),
    "announced": ("announcement (DHCP option 114)", "báo địa chỉ trang chào (DHCP option 114)"),
    "captive": ("as a phone sees it", "thử như điện thoại mới vào"),
    "closed": ("the router itself", "trang quản trị của máy"),
    "forwarding": ("{family} forwarding", "chuyển tiếp {family}"),
    "neighbours": ("{family} neighbours", "bảng địa chỉ máy trong mạng {family}"),
    "routers": ("router advertisements", "quảng bá bộ định tuyến"),
    "apart": ("phones apart", "tách điện thoại"),
    "offload": ("flow offload", "chuyển luồng qua phần cứng"),
    "line": ("line", "đường truyền"),
    "names folder": ("names folder", "thư mục tên miền"),
    "storage": ("storage", "đĩa"),
    "memory": ("memory", "bộ nhớ"),
    "temperature": ("temperature", "nhiệt độ"),
    "load": ("load", "tải"),
    "clock": ("clock", "đồng hồ"),
    "gateway": ("gateway", "phần mềm portal"),
    "in force": ("rules in force", "luật đang chạy"),
    "content": ("content", "nội dung"),
    "log": ("session log", "nhật ký phiên"),
    "look": ("the doctor itself", "chính phần kiểm tra"),
}

WORDS: Final[Words] = {**GATEWAY, **LINE, **PHONES, **AIR}

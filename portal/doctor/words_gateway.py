"""What the doctor says of the gateway, its rules and its machine."""

from typing import Final

from portal.doctor.wording import Words

GATEWAY: Final[Words] = {
    # (found, advice) in English, then in Vietnamese
    "configuration good": (("{said}", ""), ("{said}", "")),
    "configuration bad": (
        ("{said}", "mend these lines of the file, then run this again"),
        ("{said}", "sửa các dòng này trong tệp, rồi chạy lại"),
    ),
    "machine good": (
        ("has the interfaces and files the settings name", ""),
        ("có đủ cổng mạng và tệp mà cấu hình nêu", ""),
    ),
    "machine bad": (
        ("{said}", "correct the setting, or make the interface"),
        ("{said}", "sửa mục này trong cấu hình, hoặc tạo cổng mạng"),
    ),
    "rules good": (("nftables accepts them", ""), ("nftables chấp nhận", "")),
    "rules bad": (
        (
            "{said}",
            "as root: apt-get install nftables python3-nftables, or opkg install nftables-json",
        ),
        (
            "{said}",
            "với quyền root: apt-get install nftables python3-nftables,"
            " hoặc opkg install nftables-json",
        ),
    ),
    "forwarding on": (("on", ""), ("bật", "")),
    "forwarding off": (("off", "sysctl -w {setting}=1"), ("tắt", "sysctl -w {setting}=1")),
    "neighbours enough": (
        ("{places} places for addresses; {devices} devices need {needed}", ""),
        ("{places} chỗ cho địa chỉ; {devices} máy cần {needed}", ""),
    ),
    "neighbours few": (
        (
            "{places} places for addresses; {devices} devices need {needed}",
            "sysctl -w {setting}={needed}",
        ),
        ("{places} chỗ cho địa chỉ; {devices} máy cần {needed}", "sysctl -w {setting}={needed}"),
    ),
    "routers refused": (("not taken from phones", ""), ("không nhận từ điện thoại", "")),
    "routers taken": (
        ("the gateway takes any phone for its router", "sysctl -w {setting}=0"),
        ("máy này tin bất kỳ điện thoại nào là bộ định tuyến", "sysctl -w {setting}=0"),
    ),
    "apart good": (
        ("{ports} ports of the bridge, {joined} of them not isolated", ""),
        ("cầu mạng có {ports} cổng, {joined} cổng chưa tách", ""),
    ),
    "apart bad": (
        (
            "{ports} ports of the bridge, {joined} of them not isolated",
            "bridge link set dev {first} isolated on (each of: {which});"
            " and ap_isolate=1 in hostapd",
        ),
        (
            "cầu mạng có {ports} cổng, {joined} cổng chưa tách",
            "bridge link set dev {first} isolated on (lần lượt: {which});"
            " và ap_isolate=1 trong hostapd",
        ),
    ),
    "offload off": (("off", ""), ("tắt", "")),
    "offload asked": (
        (
            "asked for in /etc/config/firewall ({which}): its packets are neither counted nor held",
            "uci set firewall.@defaults[0].flow_offloading=0; the same with flow_offloading_hw;"
            " uci commit firewall; /etc/init.d/firewall restart",
        ),
        (
            "đang bật trong /etc/config/firewall ({which}): gói tin qua đó không bị đếm và"
            " không bị giữ",
            "uci set firewall.@defaults[0].flow_offloading=0; flow_offloading_hw cũng vậy;"
            " uci commit firewall; /etc/init.d/firewall restart",
        ),
    ),
    "offload unseen": (
        ("could not be looked at by this user", "as root: portal doctor"),
        ("người dùng này không xem được", "với quyền root: portal doctor"),
    ),
    "offload on": (
        (
            "a flowtable exists: its packets are neither counted nor held",
            "turn off software and hardware flow offloading in the router's firewall settings",
        ),
        (
            "có flowtable: gói tin qua đó không bị đếm và không bị giữ",
            "tắt software và hardware flow offloading trong phần tường lửa của bộ định tuyến",
        ),
    ),
    "line up": (("up", ""), ("thông", "")),
    "line no route": (
        (
            "no default route through {uplink}",
            "look at the cable and the modem; ip route; [interfaces] uplink must be the way out",
        ),
        (
            "không có đường mặc định qua {uplink}",
            "xem dây mạng và modem; ip route; [interfaces] uplink phải là lối ra Internet",
        ),
    ),
    "line gateway silent": (
        ("the modem behind {uplink} does not answer", "switch the modem off and on; its cable"),
        ("modem sau {uplink} không trả lời", "tắt rồi bật lại modem; xem dây nối"),
    ),
    "line no names": (
        (
            "no name is resolved at the gateway's own address",
            "service dnsmasq restart; then the resolver it asks (docs/dnsmasq.md)",
        ),
        (
            "không phân giải được tên miền tại địa chỉ của máy này",
            "service dnsmasq restart; rồi máy chủ DNS mà nó hỏi (docs/dnsmasq.md)",
        ),
    ),
    "line no answer": (
        (
            "names are resolved, but {asked} does not answer",
            "call the provider; or [uplink] check_urls names hosts that are gone",
        ),
        (
            "phân giải được tên miền, nhưng {asked} không trả lời",
            "gọi nhà mạng; hoặc [uplink] check_urls nêu máy chủ không còn",
        ),
    ),
    "names folder good": (("{folder}", ""), ("{folder}", "")),
    "names folder bad": (
        ("{folder} is no folder that can be written", "install -d -o portal -m 0755 {folder}"),
        ("{folder} không phải thư mục ghi được", "install -d -o portal -m 0755 {folder}"),
    ),
    "storage room": (("{value} MiB free for {folder}", ""), ("còn {value} MiB cho {folder}", "")),
    "storage full": (
        ("{value} MiB free for {folder}", "make room on the disk that holds it"),
        ("còn {value} MiB cho {folder}", "dọn bớt đĩa chứa thư mục này"),
    ),
    "memory room": (("{value} MiB available", ""), ("còn {value} MiB", "")),
    "memory full": (
        ("{value} MiB available", "stop programs this machine does not need; free -m"),
        ("còn {value} MiB", "dừng các chương trình không cần; free -m"),
    ),
    "temperature cool": (("{value} °C", ""), ("{value} °C", "")),
    "temperature hot": (
        ("{value} °C", "give the machine air: out of the cabinet, dust off, away from the sun"),
        ("{value} °C", "để máy thoáng: ra khỏi hộp kín, lau bụi, tránh nắng"),
    ),
    "load idle": (("{value} for each core", ""), ("{value} mỗi nhân", "")),
    "load busy": (
        ("{value} for each core", "see which program works so much: top"),
        ("{value} mỗi nhân", "xem chương trình nào chạy nhiều: top"),
    ),
    "clock kept": (("right, and kept so", ""), ("đúng, được đồng bộ", "")),
    "clock unset": (
        (
            "not set: opening hours and daily limits do not hold until it is",
            "give it the Internet's time: systemctl enable --now systemd-timesyncd;"
            " on OpenWrt: service sysntpd restart",
        ),
        (
            "chưa đặt: giờ mở cửa và giới hạn ngày chưa có hiệu lực",
            "lấy giờ từ Internet: systemctl enable --now systemd-timesyncd;"
            " trên OpenWrt: service sysntpd restart",
        ),
    ),
    "clock adrift": (
        (
            "nobody keeps it right",
            "it needs the line; on OpenWrt: service sysntpd restart; else: systemctl enable --now"
            " systemd-timesyncd (or chrony, ntpd)",
        ),
        (
            "không được đồng bộ",
            "cần có Internet; trên OpenWrt: service sysntpd restart; máy khác: systemctl enable"
            " --now systemd-timesyncd (hoặc chrony, ntpd)",
        ),
    ),
    "gateway running": (
        ("running, {devices} devices open", ""),
        ("đang chạy, {devices} điện thoại đang vào mạng", ""),
    ),
    "gateway stopped": (
        ("not running", "start it: systemctl start portal; on OpenWrt: service portal start"),
        ("không chạy", "khởi động: systemctl start portal; trên OpenWrt: service portal start"),
    ),
    "gateway refuses": (
        ("{said}", "run this as root; look at its log (logread)"),
        ("{said}", "chạy lệnh này với quyền root; xem nhật ký (logread)"),
    ),
    "in force good": (("they stand", ""), ("đang có hiệu lực", "")),
    "in force bad": (
        (
            "{said}",
            "phones may pass: journalctl -u portal (or logread), and the line about rules above",
        ),
        (
            "{said}",
            "điện thoại có thể đi qua: journalctl -u portal (hoặc logread), và dòng về luật ở trên",
        ),
    ),
    "content shown": (("release {release} is shown", ""), ("đang hiện bản {release}", "")),
    "content samples": (
        ("nothing is published here; the samples are shown", ""),
        ("chưa xuất bản gì ở đây; đang hiện bài mẫu", ""),
    ),
    "content stale": (
        (
            "{said}",
            "what was shown stays; look at the line, then at [content] source_url and public_key",
        ),
        (
            "{said}",
            "nội dung cũ vẫn hiện; xem đường truyền, rồi [content] source_url và public_key",
        ),
    ),
    "log good": (("written", ""), ("ghi được", "")),
    "log bad": (
        ("{said}", "make room on the disk; nobody is disconnected meanwhile"),
        ("{said}", "dọn bớt đĩa; trong lúc đó không ai bị ngắt mạng"),
    ),
}

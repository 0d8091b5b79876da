"""What the doctor says of the machine's place in the house: storage, cable, address, names."""

from typing import Final

from portal.doctor.wording import Words

LINE: Final[Words] = {
    # (found, advice) in English, then in Vietnamese
    "boot since": (
        ("{hours} h {minutes} min ago", ""),
        ("{hours} giờ {minutes} phút trước", ""),
    ),
    "boot lately": (
        ("{minutes} min ago", "wait three minutes, then run this again: some of it is not up yet"),
        ("{minutes} phút trước", "chờ ba phút rồi kiểm tra lại: có phần chưa khởi động xong"),
    ),
    "kept lasting": (
        ("{kind}: outlives a power cut", ""),
        ("{kind}: mất điện vẫn còn", ""),
    ),
    "kept nowhere": (
        (
            "{folder} is in memory ({kind}): everything is lost when the power goes",
            "set [storage] data_dir to a folder on the flash, like /etc/portal/data",
        ),
        (
            "{folder} nằm trong RAM ({kind}): mất điện là mất hết",
            "đặt [storage] data_dir vào thư mục trên bộ nhớ flash, ví dụ /etc/portal/data",
        ),
    ),
    "kept fixed": (
        (
            "{folder} cannot be written ({kind}, read only)",
            "the flash may be dying, or the router is in failsafe mode: restart it; if it stays"
            " so, replace the router",
        ),
        (
            "{folder} không ghi được ({kind}, chỉ đọc)",
            "bộ nhớ flash có thể sắp hỏng, hoặc máy đang ở chế độ failsafe: khởi động lại; nếu"
            " vẫn vậy thì thay máy",
        ),
    ),
    "kept unknown": (
        ("no mount is known for {folder}", ""),
        ("không rõ {folder} nằm trên ổ nào", ""),
    ),
    "cable in": (("plugged in ({uplink})", ""), ("đã cắm ({uplink})", "")),
    "cable out": (
        (
            "nothing at the other end ({uplink})",
            "plug the cable from a LAN port of the modem into the WAN port; is the modem on?",
        ),
        (
            "chưa có tín hiệu ({uplink})",
            "cắm dây từ cổng LAN của modem vào cổng WAN của máy này; modem đã bật điện chưa?",
        ),
    ),
    "cable off": (
        ("{uplink} is switched off", "ifup wan; or ip link set {uplink} up"),
        ("{uplink} đang tắt", "ifup wan; hoặc ip link set {uplink} up"),
    ),
    "cable slow": (
        ("only {mbit} Mbit/s ({uplink})", "replace the cable; try another port of the modem"),
        ("chỉ {mbit} Mbit/s ({uplink})", "thay dây mạng; thử cổng khác của modem"),
    ),
    "address dhcp": (("there, by DHCP", ""), ("đã có, qua DHCP", "")),
    "address pppoe": (("there, by PPPoE", ""), ("đã có, qua PPPoE", "")),
    "address static": (("there, set by hand", ""), ("đã có, đặt bằng tay", "")),
    "address unknown": (("there", ""), ("đã có", "")),
    "address none": (
        (
            "none",
            "look at the cable; switch the modem off and on; if the modem is in bridge mode, set"
            " PPPoE with the provider's user name and password",
        ),
        (
            "chưa có",
            "xem dây mạng; tắt rồi bật lại modem; nếu modem ở chế độ bridge thì đặt PPPoE với"
            " tên và mật khẩu của nhà mạng",
        ),
    ),
    "address pppoe none": (
        ("none: PPPoE is not up", "check the provider's user name and password; call the provider"),
        ("chưa có: PPPoE chưa quay số được", "xem lại tên và mật khẩu nhà mạng cấp; gọi nhà mạng"),
    ),
    "nat single": (("once, here", ""), ("một lớp, tại máy này", "")),
    "nat double": (
        (
            "twice: the modem translates too (here it gives {address}); everything works so",
            "nothing must be done; for one layer fewer, have the provider set the modem to bridge"
            " mode and dial by PPPoE here",
        ),
        (
            "hai lớp: modem cũng là bộ định tuyến (cấp địa chỉ {address}); mạng vẫn chạy được",
            "không bắt buộc làm gì; muốn bớt một lớp thì nhờ nhà mạng chuyển modem sang bridge"
            " và quay PPPoE ở máy này",
        ),
    ),
    "nat shared": (
        (
            "the provider shares one address among many houses (CGNAT); everything works so",
            "nothing must be done; only who wants in from outside has to ask the provider for a"
            " public address",
        ),
        (
            "nhà mạng dùng chung một địa chỉ cho nhiều nhà (CGNAT); mạng vẫn chạy được",
            "không bắt buộc làm gì; chỉ khi cần truy cập từ ngoài vào mới phải xin nhà mạng địa"
            " chỉ IP công khai",
        ),
    ),
    "nat overlap": (
        (
            "the line ({line}) and the phones' network ({house}) use the same addresses:"
            " phones cannot get out",
            "give the phones' network another range, like 10.80.0.1/20",
        ),
        (
            "đường vào ({line}) và mạng điện thoại ({house}) trùng dải địa chỉ: điện thoại"
            " không ra được Internet",
            "đổi dải địa chỉ của mạng điện thoại, ví dụ 10.80.0.1/20",
        ),
    ),
    "route there": (("through {uplink}", ""), ("qua {uplink}", "")),
    "route none": (
        ("none", "look at the cable and the modem; ip route"),
        ("chưa có", "xem dây mạng và modem; ip route"),
    ),
    "route elsewhere": (
        (
            "through {others}, not through {uplink}",
            "set [interfaces] uplink to the interface that leads out",
        ),
        (
            "qua {others}, không qua {uplink}",
            "đặt [interfaces] uplink đúng cổng đi ra Internet",
        ),
    ),
    "names here": (
        ("the phones' resolver leads {host} here", ""),
        ("điện thoại hỏi {host} thì được dẫn về máy này", ""),
    ),
    "names nowhere": (
        ("{phones} has no address that phones could ask", "set the address of {phones}"),
        ("{phones} chưa có địa chỉ để điện thoại hỏi", "đặt địa chỉ cho {phones}"),
    ),
    "names silent": (
        ("no resolver answers phones", "restart dnsmasq; it has to listen on {phones}"),
        (
            "không có dịch vụ DNS trả lời điện thoại",
            "khởi động lại dnsmasq; nó phải nghe ở {phones}",
        ),
    ),
    "names unknown": (
        (
            "the phones' resolver does not know {host}",
            "give dnsmasq what `portal dnsmasq` prints, and restart it",
        ),
        (
            "dịch vụ DNS của điện thoại không biết {host}",
            "đưa kết quả lệnh `portal dnsmasq` vào dnsmasq rồi khởi động lại nó",
        ),
    ),
    "names astray": (
        (
            "the phones' resolver leads {host} to another machine",
            "mend dnsmasq's address for {host}, or [portal] host",
        ),
        (
            "dịch vụ DNS dẫn {host} sang máy khác",
            "sửa địa chỉ của {host} trong dnsmasq, hoặc [portal] host",
        ),
    ),
    "speed right": (
        ("{mbit} Mbit/s; [fairness] down_mbit is {said}", ""),
        ("{mbit} Mbit/s; [fairness] down_mbit đang đặt {said}", ""),
    ),
    "speed bare": (
        (
            "{mbit} Mbit/s; the line is not shared fairly",
            "measure it when nobody is online; then set [fairness] down_mbit = {advised}",
        ),
        (
            "{mbit} Mbit/s; chưa chia đều tốc độ",
            "đo khi không ai dùng mạng; rồi đặt [fairness] down_mbit = {advised}",
        ),
    ),
    "speed slow": (
        (
            "{mbit} Mbit/s, but [fairness] down_mbit is {said}",
            "measure it when nobody is online; if it stays so, set down_mbit = {advised}, or call"
            " the provider",
        ),
        (
            "{mbit} Mbit/s, nhưng [fairness] down_mbit đặt {said}",
            "đo khi không ai dùng mạng; nếu vẫn vậy thì đặt down_mbit = {advised}, hoặc gọi"
            " nhà mạng",
        ),
    ),
    "speed little": (
        ("only {kilobytes} kB came", "look at the line; [uplink] speed_url has to be a large file"),
        ("chỉ tải được {kilobytes} kB", "xem đường truyền; [uplink] speed_url phải là tệp lớn"),
    ),
    "speed failed": (
        ("{url}: {said}", "look at the lines about the line, then at [uplink] speed_url"),
        ("{url}: {said}", "xem các dòng về đường truyền, rồi [uplink] speed_url"),
    ),
    "speed unset": (
        ("not measured", "set [uplink] speed_url to a large file on the web"),
        ("chưa đo", "đặt [uplink] speed_url là địa chỉ một tệp lớn trên mạng"),
    ),
    "table there": (("it is there", ""), ("đang có", "")),
    "table gone": (
        (
            "it is not there: phones pass without a tap, or not at all",
            "service portal restart; then find what removes rules (nft flush ruleset)",
        ),
        (
            "không có: điện thoại vào mạng không cần bấm, hoặc không vào được",
            "service portal restart; rồi tìm chương trình xóa luật (nft flush ruleset)",
        ),
    ),
    "table unseen": (
        ("could not be looked at: {said}", "as root: portal doctor"),
        ("không xem được: {said}", "với quyền root: portal doctor"),
    ),
    "look broke": (
        ("a look failed ({look}): {said}", "report this; the other lines hold"),
        ("một mục kiểm tra bị lỗi ({look}): {said}", "báo lại lỗi này; các dòng khác vẫn đúng"),
    ),
}

"""The text of a QR code that phones join a Wi-Fi network by. Pure.

There is no standard, but what Android and iOS have read since ZXing wrote it down: fields that
end with `;`, and a backslash before what would end one. The name is not in quotes, even if it
looks like a hexadecimal number: Android takes them for part of it (AOSP, `WifiQrCode`).
"""

import re


def code_of(ssid: str) -> str:
    """`WIFI:T:nopass;S:NAME;;`, for an open network."""
    return f"WIFI:T:nopass;S:{_escaped(ssid)};;"


def _escaped(value: str) -> str:
    return re.sub(r'([\\;,:"])', r"\\\1", value)

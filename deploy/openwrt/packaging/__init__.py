"""Makes packages for OpenWrt's two package managers, without OpenWrt's SDK.

`package` says what a package is; `ipk` and `apk` write it for OpenWrt 24.10 and 25.12. What goes
into ours, and for which router, is in `gateway` and `targets`.
"""

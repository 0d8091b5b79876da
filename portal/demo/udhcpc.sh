#!/bin/sh
# What a phone does with its DHCP lease. Called by udhcpc, which passes the lease as variables;
# an option it has no name for arrives as hexadecimal digits, e.g. opt114 (RFC 8910).
set -eu
case $1 in
    deconfig)
        ip -4 address flush dev "$interface" ;;
    bound | renew)
        ip address replace "$ip/$mask" dev "$interface"
        if [ -n "${router:-}" ]; then
            ip route replace default via "${router%% *}" dev "$interface"
        fi
        for server in ${dns:-}; do echo "nameserver $server"; done >/etc/resolv.conf
        env >"$LEASE_FILE" ;;
esac

"""Makes and removes the queues of `firewall.shaping`, through pyroute2.

    python -m firewall.shaping_kernel PHONES UPLINK DOWN_MBIT UP_MBIT     (- for none)

is run by the gateway (`firewall.shaper`), prints which way the kernel has, and ends: pyroute2 is
needed for a second a day, and would cost the daemon a third of its memory.
"""

import errno
import sys
from collections.abc import Sequence
from typing import Any, assert_never

from pyroute2.iproute.linux import IPRoute
from pyroute2.netlink.exceptions import NetlinkError

from firewall.enforcer import EnforcementError
from firewall.shaping import (
    BETWEEN,
    FILTERS_HANDLE,
    HANDLE,
    ROOT,
    WAYS,
    Cake,
    Class,
    Classes,
    Divert,
    Leaf,
    Order,
    Shaping,
    Way,
    orders,
)

_OUR_FILTER = HANDLE >> 16
"""Preference of our filter: others may have theirs at the same place."""
_ARRIVING, _LEAVING = 0xFFFFFFF2, 0xFFFFFFF3  # TC_H_CLSACT with TC_H_MIN_INGRESS, _EGRESS
_RTT_MICROSECONDS = 600_000
_TARGET_MICROSECONDS = _RTT_MICROSECONDS // 20
"""Cake, and so fq_codel here, aims at a delay of a twentieth of the round trip. By default that is
meant for a queue that has the whole line. With a tenth of 20 Mbit/s these are five packets. With
less, one connection does not fill its share, and of sixteen in one queue a third is dropped; with
cake, who is dropped pays for it."""
_ANY_PROTOCOL = 0x0003  # ETH_P_ALL
_GONE = {errno.ENOENT, errno.EINVAL, errno.ENODEV}
_LACKING = {errno.ENOENT, errno.EOPNOTSUPP}
"""What a kernel says to a queue, filter or action it does not have, and to an interface (ifb)."""


class _Indices(dict[str, int]):
    """The numbers of interfaces now, each asked for once.

    Raises:
        NetlinkError: there is no such interface (ENODEV).
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel

    def __missing__(self, interface: str) -> int:
        found = self._kernel.link_lookup(ifname=interface)
        if not found:
            raise NetlinkError(errno.ENODEV, f"no interface {interface}")
        self[interface] = int(found[0])
        return self[interface]


def make(shaping: Shaping, phones: str, uplink: str) -> Way:
    """Have exactly the queues that `shaping` asks for, the best way this kernel has.

    Raises:
        EnforcementError: the kernel refused every way; no queue of ours is left.
    """
    with IPRoute() as kernel:
        _remove(kernel)
        for way in WAYS:
            order: Order | None = None
            try:
                index = _Indices(kernel)
                for order in orders(shaping, phones, uplink, way):
                    _carry_out(kernel, index, order)
            except NetlinkError as error:
                _remove(kernel)
                if error.code not in _LACKING or way == WAYS[-1]:
                    raise EnforcementError(
                        f"the kernel refused a queue: {error}\nwe asked: {order}"
                    ) from None
            else:
                return way
    raise AssertionError("the last way returns or raises")


def remove() -> None:
    """Leave no queue of ours on any interface. Safe to repeat.

    Raises:
        EnforcementError: the kernel refused.
    """
    with IPRoute() as kernel:
        try:
            _remove(kernel)
        except NetlinkError as error:
            raise EnforcementError(f"the kernel would not remove our queues: {error}") from None


def _remove(kernel: Any) -> None:
    for queue in list(kernel.get_qdiscs()):
        index, handle, parent = queue["index"], queue["handle"], queue["parent"]
        if (handle, parent) == (HANDLE, ROOT):
            _unless_gone(kernel, "del", index=index, handle=HANDLE, parent=ROOT)
        elif handle == FILTERS_HANDLE and queue.get_attr("TCA_KIND") == "clsact":
            leaving = list(kernel.get_filters(index=index, parent=_LEAVING))
            ours = [found for found in leaving if found["info"] >> 16 == _OUR_FILTER]
            if ours:
                info = ours[0]["info"]
                _unless_gone(kernel, "del-filter", index=index, parent=_LEAVING, info=info)
                arriving = list(kernel.get_filters(index=index, parent=_ARRIVING))
                if len(ours) == len(leaving) and not arriving:
                    _unless_gone(kernel, "del", kind="clsact", index=index)
    for index in kernel.link_lookup(ifname=BETWEEN):
        kernel.link("del", index=index)


def _unless_gone(kernel: Any, command: str, **names: object) -> None:
    try:
        kernel.tc(command, **names)
    except NetlinkError as error:
        if error.code not in _GONE:
            raise


def _carry_out(kernel: Any, index: _Indices, order: Order) -> None:
    match order:
        case Divert(interface, to, mark):
            kernel.link("add", ifname=to, kind="ifb")
            kernel.link("set", index=index[to], state="up")
            _have_filters(kernel, index[interface])
            kernel.tc(
                "add-filter",
                "fw",
                index=index[interface],
                handle=mark,
                mask=mark,
                parent=_LEAVING,
                prio=_OUR_FILTER,
                protocol=_ANY_PROTOCOL,
                action={
                    "kind": "mirred",
                    "direction": "egress",
                    "action": "redirect",
                    "ifindex": index[to],
                },
            )
        case Cake(interface, mbit, hosts, nat, arriving):
            kernel.tc(
                "replace",
                "cake",
                index=index[interface],
                handle=HANDLE,
                parent=ROOT,
                bandwidth=mbit * 1_000_000,
                flow_mode=hosts,
                nat=nat,
                ingress=arriving,
                rtt=_RTT_MICROSECONDS,
                diffserv_mode="besteffort",
            )
        case Classes(interface, otherwise):
            kernel.tc(
                "replace",
                "htb",
                index=index[interface],
                handle=HANDLE,
                parent=ROOT,
                default=0 if otherwise is None else otherwise & 0xFFFF,
            )
        case Class():
            kernel.tc(
                "add-class",
                "htb",
                index=index[order.interface],
                handle=order.handle,
                parent=order.parent,
                rate=f"{order.kbit}kbit",
                ceil=f"{order.most_kbit}kbit",
                burst=order.burst_bytes,
                cburst=order.burst_bytes,
                quantum=order.turn_bytes,
                prio=order.priority,
            )
        case Leaf(interface, handle, parent, kind, packets):
            limits: dict[str, int] = {"limit": packets}
            if kind == "fq_codel":
                limits = {
                    "fqc_flows": 32,
                    "fqc_target": _TARGET_MICROSECONDS,
                    "fqc_interval": _RTT_MICROSECONDS,
                }
            kernel.tc(
                "add",
                kind,
                index=index[interface],
                handle=handle,
                parent=parent,
                **limits,
            )
        case _:
            assert_never(order)


def _have_filters(kernel: Any, index: int) -> None:
    """Let an interface have filters for what leaves it.

    Raises:
        NetlinkError: somebody has made it a place for what arrives only (EOPNOTSUPP).
    """
    try:
        kernel.tc("add", "clsact", index=index)
    except NetlinkError as error:
        if error.code != errno.EEXIST:
            raise
        # Ours would be put among those of `ingress`, whatever we ask for.
        for queue in kernel.get_qdiscs(index=index):
            if queue["handle"] == FILTERS_HANDLE and queue.get_attr("TCA_KIND") != "clsact":
                taken = "somebody's ingress queue is where ours would be"
                raise NetlinkError(errno.EOPNOTSUPP, taken) from None


def main(arguments: Sequence[str]) -> int:
    """Make the queues that `arguments` ask for; returns an exit code."""
    phones, uplink, down, up = arguments
    shaping = Shaping(*(None if mbit == "-" else int(mbit) for mbit in (down, up)))
    try:
        print(make(shaping, phones, uplink))
    except EnforcementError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Many downloads or uploads over one line, and what each phone got of it.

Both ends are sockets of this process, made inside the hosts: nothing has to be started there.
"""

import asyncio
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from portal.demo.host import Host

PORT = 5001
DOWNLOAD, UPLOAD = 1, 2
_ZEROS = bytes(16 * 1024)


async def shares(
    server: Host,
    address: str,
    phones: Sequence[tuple[Host, int]],
    direction: int,
    *,
    warm_up_seconds: float,
    seconds: float,
) -> Mapping[Host, float]:
    """Mbit/s that each phone received (or the server of it) with as many connections at once.

    Counted are bytes that programs got, after `warm_up_seconds`.
    """
    loop = asyncio.get_running_loop()
    got: Counter[Host] = Counter()
    hosts = [phone for phone, _ in phones]

    async def take(connection: socket.socket, host: Host) -> None:
        while heard := await loop.sock_recv(connection, 1 << 16):
            got[host] += len(heard)

    async def give(connection: socket.socket) -> None:
        while True:
            await loop.sock_sendall(connection, _ZEROS)

    async def answer(connection: socket.socket) -> None:
        with connection:
            asked, number = await loop.sock_recv(connection, 2)
            await (give(connection) if asked == DOWNLOAD else take(connection, hosts[number]))

    async def accept(listening: socket.socket, tasks: asyncio.TaskGroup) -> None:
        while True:
            connection, _ = await loop.sock_accept(listening)
            running.append(tasks.create_task(answer(connection)))

    async def ask(number: int) -> None:
        with hosts[number].network():
            connection = socket.socket(_family(address), socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        with connection:
            await loop.sock_connect(connection, (address, PORT))
            await loop.sock_sendall(connection, bytes([direction, number]))
            await (take(connection, hosts[number]) if direction == DOWNLOAD else give(connection))

    with server.network():
        listening = socket.create_server((address, PORT), family=_family(address), backlog=100)
    listening.setblocking(False)
    with listening:
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(accept(listening, tasks))]
            running += [
                tasks.create_task(ask(number))
                for number, (_, connections) in enumerate(phones)
                for _ in range(connections)
            ]
            await asyncio.sleep(warm_up_seconds)
            before, begun = Counter(got), loop.time()
            await asyncio.sleep(seconds)
            took, after = loop.time() - begun, Counter(got)
            for task in running:
                task.cancel()
    return {host: (after[host] - before[host]) * 8 / took / 1e6 for host in hosts}


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6

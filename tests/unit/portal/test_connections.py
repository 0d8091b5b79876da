"""Places for connections, on real sockets of this machine; each phone has an address of its own."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from portal.connections import Connections

PHONE, OTHER, THIRD = "127.0.0.11", "127.0.0.12", "127.0.0.13"


class Echo(asyncio.Protocol):
    """Says back what it hears, so that a connection can be seen to live."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class Phone:
    """One connection of a phone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def say(self, words: bytes) -> None:
        self._writer.write(words)

    async def lives(self) -> bool:
        """Whether the other side still answers."""
        try:
            async with asyncio.timeout(5):
                self._writer.write(b"?")
                return await self._reader.read(1) == b"?"
        except ConnectionError:
            return False

    async def ended(self) -> bool:
        """Waits for the other side to end the connection, without a word from us."""
        try:
            async with asyncio.timeout(5):
                await self._reader.read()
                return True
        except ConnectionResetError:
            return True

    def leave(self) -> None:
        self._writer.transport.abort()


class Door:
    def __init__(self, connections: Connections, port: int, shut: Callable[[], object]) -> None:
        self.connections = connections
        self.shut = shut
        self.phones: list[Phone] = []
        self._port = port

    async def enter(self, address: str) -> Phone:
        self.phones.append(
            Phone(*await asyncio.open_connection("127.0.0.1", self._port, local_addr=(address, 0)))
        )
        return self.phones[-1]


@asynccontextmanager
async def door(connections: Connections, tls: ssl.SSLContext | None = None) -> AsyncIterator[Door]:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    try:
        async with asyncio.TaskGroup() as tasks:
            serving = tasks.create_task(connections.serve(listening, Echo, tls))
            here = Door(connections, listening.getsockname()[1], serving.cancel)
            yield here
            serving.cancel()
            for phone in here.phones:
                phone.leave()
        await asyncio.sleep(0)  # Transports close in the loop's next round.
    finally:
        listening.close()


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - what is waited for happens in the kernel.
            await asyncio.sleep(0.002)


def nobody(address: str) -> None:
    """No device is known; each address counts by itself."""


async def test_a_connection_passes_bytes_both_ways() -> None:
    async with door(Connections(nobody)) as here:
        phone = await here.enter(PHONE)

        assert await phone.lives()
        assert len(here.connections) == 1


async def test_a_phone_that_leaves_gives_its_place_back() -> None:
    async with door(Connections(nobody, places_per_device=1)) as here:
        for _ in range(5):
            phone = await here.enter(PHONE)
            assert await phone.lives()
            phone.leave()
            await until(lambda: not len(here.connections))

    assert here.connections.refused == 0


async def test_a_device_has_its_places_and_no_more() -> None:
    async with door(Connections(nobody, places_per_device=2)) as here:
        inside = [await here.enter(PHONE) for _ in range(2)]
        assert [await phone.lives() for phone in inside] == [True, True]

        one_too_many = await here.enter(PHONE)

        assert await one_too_many.ended()
        assert [await phone.lives() for phone in inside] == [True, True]
        assert here.connections.refused == 1


async def test_one_device_does_not_take_the_places_of_another() -> None:
    async with door(Connections(nobody, places_per_device=2)) as here:
        for _ in range(20):
            await here.enter(PHONE)

        assert await (await here.enter(OTHER)).lives()
        assert here.connections.refused == 18


async def test_a_device_with_many_addresses_is_one_device() -> None:
    same = dict.fromkeys([PHONE, OTHER], "02:00:5e:10:00:01")
    async with door(Connections(same.get, places_per_device=1)) as here:
        assert await (await here.enter(PHONE)).lives()

        assert await (await here.enter(OTHER)).ended()
        assert await (await here.enter(THIRD)).lives()


async def test_when_all_places_are_taken_the_oldest_goes() -> None:
    async with door(Connections(nobody, places=2)) as here:
        first, second = await here.enter(PHONE), await here.enter(OTHER)
        assert await first.lives()
        assert await second.lives()

        third = await here.enter(THIRD)

        assert await third.lives()
        assert await first.ended()
        assert await second.lives()
        assert len(here.connections) == 2


async def test_a_silent_connection_ends_when_its_time_is_over() -> None:
    async with door(Connections(nobody, seconds=0.1)) as here:
        phone = await here.enter(PHONE)
        assert await phone.lives()

        assert await phone.ended()
        await until(lambda: not len(here.connections))


async def test_a_connection_that_keeps_talking_ends_all_the_same() -> None:
    async with door(Connections(nobody, seconds=0.1)) as here:
        phone = await here.enter(PHONE)

        async with asyncio.timeout(5):
            while await phone.lives():
                pass

        await until(lambda: not len(here.connections))


async def test_a_tls_handshake_that_never_ends_takes_a_place_and_loses_it() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    async with door(Connections(nobody, seconds=0.1, places_per_device=1), tls) as here:
        silent = await here.enter(PHONE)
        await until(lambda: len(here.connections) == 1)
        assert await (await here.enter(PHONE)).ended()

        assert await silent.ended()
        await until(lambda: not len(here.connections))


async def test_words_that_are_no_tls_end_the_connection() -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    async with door(Connections(nobody), tls) as here:
        phone = await here.enter(PHONE)
        phone.say(b"GET / HTTP/1.1\r\n\r\n")

        assert await phone.ended()
        await until(lambda: not len(here.connections))


async def test_secure_places_are_counted_apart() -> None:
    connections = Connections(nobody, places=1, secure_places=1)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    async with door(connections) as plain, door(connections, tls) as secure:
        phone = await plain.enter(PHONE)
        assert await phone.lives()

        await secure.enter(OTHER)
        await until(lambda: len(connections) == 2)

        assert await phone.lives()


async def test_shutting_the_door_ends_every_connection() -> None:
    crowd = 200
    async with door(Connections(nobody, places_per_device=crowd)) as here:
        for _ in range(crowd):
            await here.enter(PHONE)
        await until(lambda: len(here.connections) == crowd)

        here.shut()

        assert [await phone.ended() for phone in here.phones] == [True] * crowd
        assert len(here.connections) == 0

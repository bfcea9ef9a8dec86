# SPDX-License-Identifier: Apache-2.0
"""delay: a TCP server before another one, in a process of its own, that hands each byte on some time later."""

import asyncio
import multiprocessing


def start(port, wait_s):
    """(process, port of it) for the server on 127.0.0.1:port; wait_s: a multiprocessing.Value of seconds, each way."""
    ours, theirs = multiprocessing.Pipe(False)
    child = multiprocessing.Process(target=lambda: asyncio.run(serve(port, wait_s, theirs)), daemon=True)
    child.start()
    return child, ours.recv()


async def serve(port, wait_s, tell):
    async def hand_on(reader, writer):
        """Bytes leave in the order in which they came, each wait_s after it did."""
        loop, queue = asyncio.get_running_loop(), asyncio.Queue()

        async def leave():
            while True:
                due, data = await queue.get()
                await asyncio.sleep(max(0, due - loop.time()))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            writer.close()

        leaving = asyncio.ensure_future(leave())
        try:
            while True:
                data = await reader.read(1 << 16)
                queue.put_nowait((loop.time() + wait_s.value, data))
                if not data:
                    break
            await leaving
        except ConnectionError:
            leaving.cancel()
            writer.close()

    async def meet(reader, writer):
        try:
            there = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(hand_on(reader, there[1]), hand_on(there[0], writer), return_exceptions=True)

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    tell.send(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()

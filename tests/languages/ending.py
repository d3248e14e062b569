"""A process that ends in the way that it is told, with whatever it has open: `ending.py SERVER FOLDER WAY`. The exit
status is what Python says of that way; what is on standard error is Python's own, if anything."""

import asyncio
import os
import sys
import threading

import fulmar_ffi as fulmar

SERVER, FOLDER, WAY = sys.argv[1:]


def options(name):
    return fulmar.OpenOptions(
        server=SERVER,
        store=os.path.join(FOLDER, name),
        owner=None,
        plaintext=fulmar.Plaintext.REFUSED,
        trust=[],
        config=fulmar.default_config(),
        token_provider=None,
        secret_storage=None,
    )


# What a module holds is let go of by the interpreter, late.
held = []


async def use(name):
    client = await fulmar.ClientHandle.open(options(name), None)
    await client.sign_in("alice", "alice-password", None)
    chat = await client.create_direct("bob")
    timeline = client.timeline(chat).watch()
    await timeline.next()
    for text in ("one", "two", "three"):
        await client.send(chat, fulmar.NewMessage(text=text))
    held.extend([client, timeline])
    return client, timeline


async def follow(timeline):
    while True:
        await timeline.next()


async def call_without_end(client):
    while True:
        await client.send(await client.create_direct("bob"), fulmar.NewMessage(text="more"))


def in_a_thread(ready):
    async def run():
        client, timeline = await use("thread")
        ready.set()
        await asyncio.gather(follow(timeline), call_without_end(client))

    asyncio.run(run())


async def main():
    if WAY == "opening":
        held.append(asyncio.create_task(fulmar.ClientHandle.open(options("opening"), None)))
        await asyncio.sleep(0)
        return
    client, timeline = await use("main")
    if WAY == "watching":
        held.append(asyncio.create_task(follow(timeline)))
        await asyncio.sleep(0)
    elif WAY == "calling":
        held.append(asyncio.create_task(client.fetch_sessions(None)))
        await asyncio.sleep(0)
    elif WAY == "raising":
        raise SystemError("as it is told")
    elif WAY == "exiting":
        sys.exit(3)
    elif WAY == "closed":
        await client.shut_down()
    elif WAY == "dropped":
        held.clear()


if WAY == "threads":
    ready = threading.Event()
    # Daemons: nobody waits for them.
    threading.Thread(target=in_a_thread, args=(ready,), daemon=True).start()
    ready.wait()
elif WAY == "loop":
    # A loop that nobody closes.
    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
else:
    asyncio.run(main())

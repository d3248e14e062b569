"""One client, steered by lines of JSON on the standard input; `README.md` says how. Only what the ends of
processes need: the module that it imports is what UniFFI generates, there is no package for Python."""

import asyncio
import json
import sys

import fulmar_ffi as fulmar


class Driver:
    def __init__(self):
        self.client = None
        self.beside = set()

    async def act(self, request):
        match request["do"]:
            case "open":
                self.client = await fulmar.ClientHandle.open(options(request), None)
            case "signIn":
                await self.client.sign_in(request["user"], request["password"], None)
            case "direct":
                return {"conversation": await self.client.create_direct(request["with"])}
            case "send":
                message = fulmar.NewMessage(text=request["text"])
                return {"key": await self.client.send(request["conversation"], message)}
            case "watch":
                timeline = self.client.timeline(request["conversation"]).watch()
                await timeline.next()
                self.begin(follow(timeline))
            case "askForSessions":
                self.begin(self.client.fetch_sessions(None))
            case "close":
                await self.client.shut_down()
                self.client = None
            case command:
                raise ValueError(f"no command {command}")
        return {}

    def begin(self, work):
        self.beside.add(asyncio.create_task(until_closed(work)))


def options(request):
    return fulmar.OpenOptions(
        server=request["server"],
        store=request["store"],
        owner=None,
        plaintext=fulmar.Plaintext.REFUSED,
        trust=[],
        config=fulmar.default_config(),
        token_provider=None,
        secret_storage=None,
    )


async def follow(timeline):
    while True:
        await timeline.next()


async def until_closed(work):
    try:
        await work
    except (fulmar.WatchError.Closed, fulmar.CommandError.Closed):
        pass


async def main():
    driver = Driver()
    while line := await asyncio.to_thread(sys.stdin.readline):
        try:
            answer = {"ok": await driver.act(json.loads(line))}
        except Exception as error:
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)


asyncio.run(main())

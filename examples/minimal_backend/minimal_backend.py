#!/usr/bin/env python3
"""A minimal backend of the Fulmar protocol: one file, and aiohttp for HTTP and WebSockets.

It does what every backend does, and has no capability (PROTOCOL.md §10). It is to be read, and to begin with: it keeps
everything in memory and forgets it when it ends, and it listens on this machine alone, without TLS.

    pip install aiohttp
    python3 minimal_backend.py --port 4000 --user alice:Alice:alice-password --user bob:Bob:bob-password
"""
import argparse
import asyncio
import hashlib
import json
import re
import secrets
import time
from unicodedata import category, normalize
from urllib.parse import unquote

from aiohttp import WSMsgType, web

LIMITS = {"operationsPerSubmit": 100, "frameBytes": 1 << 20, "textBytes": 8192, "pageSize": 50}
STATUS = {"request.malformed": 400, "version.unsupported": 400, "credentials.invalid": 401, "session.revoked": 401,
          "token.expired": 401, "token.invalid": 401, "conversation.forbidden": 403, "conversation.notFound": 404,
          "route.unknown": 404, "user.notFound": 404, "user.exists": 409, "operation.conflict": 409, "submit.overtaken": 409,
          "sync.reset": 410, "request.tooLarge": 413, "method.unknown": 422, "params.invalid": 422, "server.error": 500}
METHODS = {"message.send": "conversationId toUserId text mentions replyTo threadRoot payload attachments forwardOf".split(),
           "conversation.create": "kind title avatarUrl context participantIds".split(),
           "conversation.leave": ["conversationId"], "receipt.update": ["conversationId", "deliveredTo", "readTo"]}

class Refused(Exception):
    """A request or an operation that is refused, with its problem document (§8)."""

    def __init__(self, code, title="That cannot be done", **more):
        super().__init__(code)
        self.problem = {"code": code, "title": title, "status": STATUS[code], **more}

def require(truth, code="params.invalid", title="That cannot be done", **more):
    if not truth:
        raise Refused(code, title, **more)

# Values (§2.3) and texts (§4.8, §9). Each reads one field; None stands for an absent one.
IGNORED = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]")
SHAPES = re.compile("[\u200c\u200d\ufe00-\ufe0f\U000e0020-\U000e007f\U000e0100-\U000e01ef]")
BEFORE_NUMBERS = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"

def now():
    return int(time.time() * 1000)

def size(text):
    return len(text.encode("utf-8", "surrogatepass"))

def is_unseen(letter):
    shown = category(letter) not in ("Cc", "Cf") or letter in BEFORE_NUMBERS
    return not shown or bool(IGNORED.match(letter) or SHAPES.match(letter))

def is_blank(text):
    return all(letter.isspace() or letter == "\u2800" or is_unseen(letter) for letter in text)

def field(fields, name, is_right):
    value = fields.get(name)
    require(value is None or is_right(value))
    return value

def text(fields, name, most, blank=False):
    return field(fields, name, lambda one: isinstance(one, str) and size(one) <= most and (blank or not is_blank(one)))

def line(fields, name):  # A name or a title, in its normal form (§4.8).
    value = text(fields, name, 200)
    value = value and normalize("NFC", " ".join(value.split()))
    require(value is None or size(value) <= 200 and all(SHAPES.match(one) or not is_unseen(one) for one in value))
    return value

def number(fields, name):
    return field(fields, name, lambda one: type(one) is int and 0 <= one < 1 << 53)

def names(fields, name):
    right = lambda one: isinstance(one, list) and all(isinstance(each, str) for each in one)
    return list(dict.fromkeys(field(fields, name, right) or []))

def identifier(fields, name):
    value = text(fields, name, 128)
    require(value is not None and value not in (".", "..") and "Cc" not in map(category, value))
    return value

def looks(user):  # Two ids of the letters that are taken here look alike when this is the same (UTS #39).
    return user.replace("m", "rn").replace("1", "l")

def is_key(value):
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value.lower())

def operation_key(fields, name):
    return (field(fields, name, is_key) or "").lower() or None

def context(fields):
    value = fields.get("context")
    require(value is None or (isinstance(value, dict) and size(json.dumps(value.get("extra"), ensure_ascii=False)) <= 4096))
    require(value is None or (text(value, "kind", 128) and text(value, "id", 128) and line(value, "title")))
    return value

def asked(query, name):
    require(re.fullmatch("[0-9]+", query.get(name, "0")) and int(query.get(name, "0")) < 1 << 53)
    return int(query[name]) if name in query else None

def without_none(fields):
    return {name: value for name, value in fields.items() if value is not None}

def is_plain(value, depth=0):  # What every reader of JSON reads (§2.1).
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    fits = abs(value) < 1e308 if isinstance(value, (int, float)) else not re.search("[\ud800-\udfff]", str(value))
    return depth < 100 and fits and all(is_plain(one, depth + 1) for one in inside)

def read_object(data):
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    require(isinstance(value, dict) and is_plain(value), "request.malformed", "That is no JSON object")
    return value

class Backend:
    """What there is (§4), the logs (§6), and the operations (§5). It does one thing at a time, and waits for nothing."""

    def __init__(self):
        self.sockets, self.users, self.sessions, self.tokens = set(), {}, {}, {}
        self.conversations, self.messages, self.pairs = {}, {}, {}

    def tell(self, users, kind, data):  # An event for the logs of these users.
        for user in users:
            events = self.users[user]["events"]
            events.append({"seq": len(events) + 1, "at": now(), "type": kind, "data": data})

    def deliver(self):
        for socket in list(self.sockets):
            socket.catch_up()

    def conversation(self, fields, user):
        found = self.conversations.get(identifier(fields, "conversationId"))
        require(found and user in found["people"], "conversation.notFound", "There is no such conversation")
        return found

    def unread(self, conversation, user):
        after = conversation["messages"][conversation["people"][user]["readTo"]:]
        those = [one for one in after if one["senderId"] != user and "notice" not in one]
        return {"unreadCount": len(those), "unreadMentions": sum(user in one["mentions"] for one in those)}

    def view(self, conversation, user):
        return without_none({**conversation, **self.unread(conversation, user), "lastPosition": len(conversation["messages"]),
                "participants": [{"userId": one, "name": self.users[one]["name"], **there}
                                 for one, there in conversation["people"].items()],
                "people": None, "messages": conversation["messages"][-20:]})

    def list(self, user):
        active = lambda one: one["messages"][-1]["sentAt"] if one["messages"] else one["createdAt"]
        mine = [one for one in self.conversations.values() if user in one["people"]]
        return [self.view(one, user) for one in sorted(reversed(mine), key=active, reverse=True)]

    def begin(self, user, key, kind, others, **profile):
        conversation = {"conversationId": "c-" + secrets.token_hex(12), "operationKey": key, "kind": kind,
                        "writing": "everyone", "createdAt": now(), "messages": [], "people": {}, **profile}
        self.conversations[conversation["conversationId"]] = conversation
        for one in [user, *others]:
            conversation["people"][one] = {"role": "admin" if (kind, one) == ("group", user) else "member",
                                           "deliveredTo": 0, "readTo": 0}
        for one in conversation["people"]:
            self.tell([one], "conversation.created", self.view(conversation, one))
        return conversation

    def direct_with(self, user, other, key=None, about=None):  # The one direct conversation of two people, which begins if there is none.
        require(other != user)
        require(other in self.users, "user.notFound", "There is no such user")
        pair = frozenset((user, other))
        if pair not in self.pairs:
            self.pairs[pair] = self.begin(user, key, "direct", [other], context=about)
        return self.pairs[pair]

    def post(self, conversation, user, key, text, **content):
        message = {"messageId": "m-" + secrets.token_hex(12), "operationKey": key, "position": len(conversation["messages"]) + 1,
                   "conversationId": conversation["conversationId"], "senderId": user, "sentAt": now(), "text": text,
                   "mentions": [], **without_none(content)}
        conversation["messages"].append(message)
        self.messages[key] = message
        self.tell(conversation["people"], "message.created", message)
        return message

    # The operations. Each looks at everything before it changes anything: what is refused has changed nothing.
    def message_send(self, user, key, fields):
        other = identifier(fields, "toUserId") if fields.get("conversationId") is None else None
        here = self.conversation(fields, user) if fields.get("conversationId") is not None else None
        require(here or other is None or other in self.users, "user.notFound", "There is no such user")
        body, reply, payload = text(fields, "text", LIMITS["textBytes"]), operation_key(fields, "replyTo"), fields.get("payload")
        require(body is not None and not any(fields.get(name) for name in ("threadRoot", "attachments", "forwardOf")))
        require(payload is None or (isinstance(payload, dict) and text(payload, "type", 128)))
        require(payload is None or size(json.dumps(payload.get("data"), ensure_ascii=False)) <= LIMITS["textBytes"])
        mentions, known = names(fields, "mentions"), self.messages.get(key)
        if known:  # The key of a message is remembered as long as the message.
            require(known["senderId"] == user and known["conversationId"] == (here or known)["conversationId"], "operation.conflict")
            return {"message": known}
        conversation = here or self.direct_with(user, other)
        answered = self.messages.get(reply, {}).get("conversationId") == conversation["conversationId"]
        mentions = [one for one in mentions if one in conversation["people"]]
        return {"message": self.post(conversation, user, key, body, mentions=mentions, payload=payload,
                                     replyTo=reply if answered else None)}

    def receipt_update(self, user, key, fields):
        conversation, delivered, read = self.conversation(fields, user), number(fields, "deliveredTo"), number(fields, "readTo")
        mine, last, before = conversation["people"][user], len(conversation["messages"]), {**conversation["people"][user]}
        mine["readTo"] = max(mine["readTo"], min(read or 0, last))
        mine["deliveredTo"] = max(mine["deliveredTo"], min(delivered or 0, last), mine["readTo"])
        if mine != before:
            told = {"conversationId": conversation["conversationId"], "userId": user,
                    "deliveredTo": mine["deliveredTo"], "readTo": mine["readTo"]}
            self.tell([user], "receipt.updated", {**told, **self.unread(conversation, user)})
            self.tell([one for one in conversation["people"] if one != user], "receipt.updated", told)

    def conversation_create(self, user, key, fields):
        kind, title, about = fields.get("kind"), line(fields, "title"), context(fields)
        others = [one for one in names(fields, "participantIds") if one != user]
        picture = text(fields, "avatarUrl", 2048, blank=True) or None
        require(kind in ("direct", "group") and len(others) < 1000)
        require(len(others) == 1 if kind == "direct" else title is not None)
        require(all(one in self.users for one in others), "user.notFound", "There is no such user")
        made = self.direct_with(user, others[0], key, about) if kind == "direct" else \
            self.begin(user, key, kind, others, title=title, avatarUrl=picture, context=about)
        return {"conversation": self.view(made, user)}

    def conversation_leave(self, user, key, fields):
        conversation = self.conversation(fields, user)
        require(conversation["kind"] == "group", "conversation.forbidden")
        people, about = conversation["people"], {"conversationId": conversation["conversationId"]}
        del people[user]
        self.tell([user], "conversation.removed", about)
        self.tell(people, "participant.removed", {**about, "userId": user})
        if people and all(one["role"] != "admin" for one in people.values()):
            oldest = next(iter(people))
            people[oldest]["role"] = "admin"
            self.tell(people, "participant.updated", {**about, "userId": oldest, "role": "admin"})
        if people:
            self.post(conversation, user, key, f"{self.users[user]['name']} left", notice={"type": "participantLeft"})

    def operate(self, user, operation):
        """Applies an operation once, and gives its outcome (§5.1)."""
        key, method, fields = operation_key(operation, "operationKey"), operation["method"], operation.get("params")
        require(method in METHODS, "method.unknown", "There is no such method")
        require(isinstance(fields, dict))
        fields = {name: value for name, value in fields.items() if value is not None and name in METHODS[method]}
        first, outcome = self.users[user]["outcomes"].get(key, (None, None))
        require(first in (None, (method, fields)), "operation.conflict", "This key was used for another operation")
        if first is None:
            done = getattr(self, method.replace(".", "_"))(user, key, fields) or {}
            outcome = {"operationKey": key, "status": "applied", "appliedAt": now(), "seq": len(self.users[user]["events"]), **done}
            self.users[user]["outcomes"][key] = ((method, fields), outcome)
        return outcome

    def submit(self, session, frame):
        """The outcomes of operations, in their order (§5.2): after a failure the rest of the conversation is skipped."""
        operations, order = frame.get("operations"), number(frame, "order")
        readable = lambda one: isinstance(one, dict) and isinstance(one.get("method"), str) and is_key(one.get("operationKey"))
        require(isinstance(operations, list) and all(map(readable, operations)), "request.malformed")
        require(order is None or order > session["order"], "submit.overtaken", "A later one came before", order=session["order"])
        session["order"] = order or session["order"]
        require(len(operations) <= LIMITS["operationsPerSubmit"], "request.tooLarge", "Too many operations")
        outcomes, failed = [], set()
        for one in operations:
            params = one.get("params") if isinstance(one.get("params"), dict) else {}
            where = str(params.get("conversationId") or params.get("toUserId") or one["operationKey"])
            outcome = {"operationKey": one["operationKey"], "status": "skipped"}
            if where not in failed:
                try:
                    outcome = self.operate(session["user"], one)
                except Refused as refused:
                    failed.add(where)
                    outcome.update(status="failed", problem=refused.problem)
            outcomes.append(outcome)
        return outcomes

    # Accounts (§7.1, §7.2): tokens are looked up, and of a session the two newest refresh tokens are good.
    def register(self, body):
        user, name, password = identifier(body, "userId"), line(body, "name"), body.get("password")
        identifier(body, "deviceId")
        require(re.fullmatch("[a-z0-9._@+-]+", user) and name and isinstance(password, str) and size(password) >= 8)
        require(looks(user) not in map(looks, self.users), "user.exists", "There is such a user")
        salt = secrets.token_bytes(16)
        self.users[user] = {"name": name, "salt": salt, "hash": hashed(password, salt), "outcomes": {},
                            "events": [], "logId": "log-" + secrets.token_hex(8)}
        return self.login(body)

    def login(self, body):
        user, device, password = identifier(body, "userId"), identifier(body, "deviceId"), text(body, "password", 1 << 16, blank=True) or ""
        known = self.users.get(user, {"salt": b"nobody", "hash": b""})  # Nobody is told apart, also not by time.
        right = secrets.compare_digest(hashed(password, known["salt"]), known["hash"])
        require(right, "credentials.invalid", "User and password do not go together")
        older = [one for one, there in self.sessions.items() if (there["user"], there["device"]) == (user, device)]
        for one in older[:-1]:
            self.end(one)
        session = "s-" + secrets.token_hex(8)
        self.sessions[session] = {"user": user, "device": device, "order": 0,
                                  "refresh": [None, f"{session}.{secrets.token_hex(32)}"]}
        return self.tokens_of(session)

    def tokens_of(self, session):
        there, token = self.sessions[session], secrets.token_hex(24)
        self.tokens[token] = (session, now() + 900_000)
        return {"userId": there["user"], "deviceId": there["device"], "name": self.users[there["user"]]["name"],
                "accessToken": token, "expiresInMs": 900_000, "refreshToken": there["refresh"][-1]}

    def refresh(self, body):
        token = str(body.get("refreshToken"))
        there = self.sessions.get(session := token.split(".")[0])
        require(there and token in there["refresh"], "session.revoked", "The session has ended")
        if token not in there["refresh"][-2:]:
            self.end(session)
            raise Refused("session.revoked", "A refresh token was used twice")
        if token == there["refresh"][-1]:
            there["refresh"].append(f"{session}.{secrets.token_hex(32)}")
        return self.tokens_of(session)

    def logout(self, body):
        token = str(body.get("refreshToken"))
        if token in self.sessions.get(token.split(".")[0], {"refresh": []})["refresh"][-2:]:
            self.end(token.split(".")[0])
        return {}

    def end(self, session):
        del self.sessions[session]
        for socket in [one for one in self.sockets if one.session == session]:
            socket.close(4403)

    def caller(self, token):
        """The session of an access token (§7.2), and when the token runs out."""
        session, until = self.tokens.get(str(token), (None, 0))
        require(session in self.sessions, "token.invalid", "The access token is not valid")
        require(until > now(), "token.expired", "The access token has run out")
        return session, until

    # Requests (§6.3, §7): each gets its path, its query and its body, and gives the body of the answer.
    async def answer(self, request):
        path = [unquote(part) for part in request.rel_url.raw_path.strip("/").split("/")]
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or request.query.get("token", "")
        if path == ["v1", "socket"]:
            return await Socket(request, self, token).run()
        try:
            body = self.request(request.method, path, request.query, await request.read(), token)
            self.deliver()
            return web.json_response(body)
        except web.HTTPRequestEntityTooLarge:
            problem = Refused("request.tooLarge", "The body is too large").problem
        except Refused as refused:
            problem = refused.problem
        except Exception:  # Whatever it was: the next request is answered.
            request.app.logger.exception("a request failed")
            problem = Refused("server.error").problem
        return web.json_response(problem, status=problem["status"], content_type="application/problem+json")

    def request(self, verb, path, query, data, token):
        if (verb, path) == ("GET", ["health"]):
            return {"status": "ok"}
        if (verb, path) == ("GET", ["stats"]):
            return {"connections": len(self.sockets), "users": len(self.users),
                    "conversations": len(self.conversations), "messages": len(self.messages)}
        if verb == "POST" and path[:2] == ["v1", "auth"] and path[2:] in (["register"], ["login"], ["refresh"], ["logout"]):
            return getattr(self, path[2])(read_object(data))
        require(path[0] == "v1" and len(path) > 1, "route.unknown", "There is no such route")
        session, path = self.sessions[self.caller(token)[0]], path[1:]
        user, mine = session["user"], self.users[session["user"]]
        head, body = len(mine["events"]), read_object(data) if data else {}
        if (verb, path) == ("POST", ["operations"]):
            return {"logId": mine["logId"], "outcomes": self.submit(session, body)}
        if (verb, path) == ("GET", ["sync"]):
            since = asked(query, "since") or 0
            require(query.get("logId") == mine["logId"] and since <= head, "sync.reset", "Take a snapshot")
            return {"logId": mine["logId"], "events": mine["events"][since:since + 500], "head": head}
        if (verb, path) == ("GET", ["snapshot"]):
            return {"logId": mine["logId"], "seq": head, "conversations": self.list(user), "blocked": []}
        if (verb, path) == ("GET", ["conversations"]):
            return {"conversations": self.list(user)}
        if verb == "GET" and path[0] == "conversations" and path[2:] in ([], ["messages"]):
            conversation = self.conversation({"conversationId": path[1]}, user)
            return self.page(conversation, query) if path[2:] else self.view(conversation, user)
        if (verb, path) == ("GET", ["me"]):
            return {"userId": user, "deviceId": session["device"], "name": mine["name"], "serverTime": now()}
        raise Refused("route.unknown", "There is no such route")

    def page(self, conversation, query):  # Messages before a place, after one, or the newest (§7.5).
        require(not any(name in query for name in ("around", "aroundMessage", "aroundTime", "thread")))
        before, after, limit = asked(query, "before"), asked(query, "after"), asked(query, "limit")
        limit, there = max(1, min(LIMITS["pageSize"] if limit is None else limit, LIMITS["pageSize"])), conversation["messages"]
        return {"messages": there[after:after + limit] if after is not None
                else there[:max((len(there) + 1 if before is None else before) - 1, 0)][-limit:]}

def hashed(password, salt):
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=1 << 12, r=8, p=1)

class Socket:
    """A WebSocket (§3): frames that go out wait in a queue; who reads too slowly is closed."""

    def __init__(self, request, backend, token):
        self.request, self.backend, self.token = request, backend, token
        self.wire, self.waiting = web.WebSocketResponse(max_msg_size=LIMITS["frameBytes"], compress=False), asyncio.Queue()
        self.session, self.user, self.sent, self.end, self.code = None, None, 0, None, None

    async def run(self):
        await self.wire.prepare(self.request)
        writer = asyncio.create_task(self.write())
        async for message in self.wire:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                self.receive(message.data)
        self.close(1000)
        await writer
        return self.wire

    async def write(self):
        while (frame := await self.waiting.get()) is not None:
            await self.wire.send_str(json.dumps(frame))
        await self.wire.close(code=self.code)

    def receive(self, data):
        frame = {}
        try:
            frame = read_object(data)
            require(isinstance(frame.get("type"), str), "request.malformed")
            self.handle(frame, frame["type"])
            self.backend.deliver()
        except Refused as refused:
            submit = frame.get("submitId") if self.session and frame.get("type") == "submit" else None
            self.send({"type": "problem", **without_none({"submitId": submit}), "problem": refused.problem})
            if type(submit) is not int:
                self.close(4401 if refused.problem["code"].startswith("token.") else 4400)

    def handle(self, frame, kind):
        if kind == "hello":
            require(self.session is None, "request.malformed")
            require(frame.get("version") == 1 and frame["version"] is not True, "version.unsupported", "This version is not spoken")
            return self.greet(str(frame.get("accessToken") or self.token), number(frame, "since") or 0, frame.get("logId"))
        if kind not in ("authenticate", "submit", "ping"):
            return None  # It is not known, or needs a capability.
        require(self.session is not None, "request.malformed")
        if kind == "authenticate":
            session, until = self.backend.caller(frame.get("accessToken"))
            require(session == self.session, "token.invalid")
            self.close_at(until)
        elif kind == "ping":
            require(number(frame, "id") is not None, "request.malformed")
            self.send({"type": "pong", "id": frame.get("id"), "head": self.sent})
        else:
            require(type(frame.get("submitId")) is int and 0 <= frame["submitId"] < 1 << 53, "request.malformed")
            outcomes, mine = self.backend.submit(self.backend.sessions[self.session], frame), self.backend.users[self.user]
            self.send({"type": "outcome", "submitId": frame["submitId"], "logId": mine["logId"], "outcomes": outcomes})

    def greet(self, token, since, log):
        self.session, until = self.backend.caller(token)
        self.close_at(until)
        self.user, device = (self.backend.sessions[self.session][name] for name in ("user", "device"))
        mine = self.backend.users[self.user]
        head, follows = len(mine["events"]), log == mine["logId"] and since <= len(mine["events"])
        self.send({"type": "ready", "userId": self.user, "deviceId": device, "logId": mine["logId"], "head": head,
                   "heartbeatMs": 30_000, "operationKeyRetentionMs": 30 * 86_400_000, "serverTime": now(),
                   "limits": LIMITS, "capabilities": []})
        if not follows:
            self.send({"type": "sync.reset", "logId": mine["logId"], "head": head})
        self.sent = since if follows else head
        self.backend.sockets.add(self)

    def catch_up(self):
        events = self.backend.users[self.user]["events"]
        while self.sent < len(events):
            part = events[self.sent:self.sent + 100]
            self.sent += len(part)
            self.send({"type": "events", "events": part})

    def close_at(self, until):
        if self.end:
            self.end.cancel()
        self.end = asyncio.get_running_loop().call_later((until - now()) / 1000, self.close, 4401)

    def close(self, code):
        if self.code is None:
            self.waiting.put_nowait(None)
            self.code = code
            self.backend.sockets.discard(self)

    def send(self, frame):
        if self.waiting.qsize() >= 4096:
            self.request.transport.abort()
        elif self.code is None:
            self.waiting.put_nowait(frame)

async def serve(options):
    backend, app = Backend(), web.Application(client_max_size=LIMITS["frameBytes"])
    for user in options.user:
        user, name, password = user.split(":", 2)
        backend.register({"userId": user, "name": name, "password": password, "deviceId": "setup"})
    app.router.add_route("*", "/{path:.*}", backend.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", options.port).start()
    print(f"listening on http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()

if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--port", type=int, default=4000)
    arguments.add_argument("--user", action="append", default=[], metavar="ID:NAME:PASSWORD")
    asyncio.run(serve(arguments.parse_args()))

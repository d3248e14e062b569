#!/usr/bin/env python3
"""A minimal backend of the Fulmar protocol: one file, nothing but Python's standard library.

It does what every backend does, and has no capability (PROTOCOL.md §10). It is to be read, and to begin with: it keeps
everything in memory and forgets it when it ends, and it listens on this machine alone, without TLS.

    python3 minimal_backend.py --port 4000 --user alice:Alice:alice-password --user bob:Bob:bob-password
"""
import argparse
import base64
import hashlib
import json
import queue
import re
import secrets
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unicodedata import category, east_asian_width
from urllib.parse import parse_qs, unquote, urlsplit

LIMITS = {"operationsPerSubmit": 100, "frameBytes": 1 << 20, "textBytes": 8192, "pageSize": 50}
STATUS = {"request.malformed": 400, "version.unsupported": 400, "credentials.invalid": 401, "session.revoked": 401,
          "token.expired": 401, "token.invalid": 401, "conversation.forbidden": 403, "message.forbidden": 403,
          "conversation.notFound": 404, "message.notFound": 404, "route.unknown": 404, "user.notFound": 404,
          "session.notFound": 404, "user.exists": 409, "operation.conflict": 409, "sync.reset": 410,
          "request.tooLarge": 413, "method.unknown": 422, "params.invalid": 422, "server.error": 500}

class Refused(Exception):
    """A request or an operation that is refused, with its problem document (§8)."""

    def __init__(self, code, title="That cannot be done"):
        super().__init__(code)
        self.problem = {"code": code, "title": title, "status": STATUS[code]}

def require(truth, code="params.invalid", title="That cannot be done"):
    if not truth:
        raise Refused(code, title)

# Values (§2.3) and texts (§4.8, §9). Each reads one field; None stands for an absent one.

def now():
    return int(time.time() * 1000)

def size(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return len(text.encode("utf-8", "surrogatepass"))

def is_blank(text):
    ignored = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
                         "\U000e0000-\U000e0fff]")
    joined = "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
    return all(c.isspace() or ignored.match(c) or (category(c) in ("Cc", "Cf") and c not in joined) for c in text)

def field(fields, name, is_right):
    value = fields.get(name)
    require(value is None or is_right(value))
    return value

def text(fields, name, most, blank=False):
    return field(fields, name, lambda one: isinstance(one, str) and size(one) <= most and (blank or not is_blank(one)))

def number(fields, name):
    return field(fields, name, lambda one: type(one) is int and 0 <= one < 1 << 53)

def names(fields, name):
    right = lambda one: isinstance(one, list) and all(isinstance(each, str) for each in one)
    return list(dict.fromkeys(field(fields, name, right) or []))

def identifier(fields, name):
    value = text(fields, name, 128)
    require(value is not None and value not in (".", "..") and "Cc" not in map(category, value))
    return value

def operation_key(fields, name):
    form = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    return (field(fields, name, lambda one: isinstance(one, str) and re.fullmatch(form, one.lower())) or "").lower() or None

def context(fields):
    value = fields.get("context")
    require(value is None or (isinstance(value, dict) and size(value.get("extra")) <= 4096))
    require(value is None or (text(value, "kind", 128) and text(value, "id", 128) and text(value, "title", 200)))
    return value

def emoji(fields):
    """A reaction in its normal form. Python knows no emoji: a few symbols more are taken, which a library would not."""
    picture = "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
    one = f"{picture}[\U0001f3fb-\U0001f3ff]?"
    value = text(fields, "emoji", 64) or ""
    bare = value.replace("\ufe0f", "")
    require(re.fullmatch(f"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\u20e3|{one}([\U000e0020-\U000e007f]+|(\u200d{one})*)", bare))
    plain = lambda c: c.group() if east_asian_width(c.group()) == "W" else c.group() + "\ufe0f"
    return re.sub("([0-9#*])\u20e3", "\\1\ufe0f\u20e3", re.sub(f"{picture}(?![\U0001f3fb-\U0001f3ff])", plain, bare))

def without_none(fields):
    return {name: value for name, value in fields.items() if value is not None}

def shown(message, user):
    """A message as somebody sees it (§4.2): nothing of it when they have hidden it."""
    hidden = user in message["hiddenBy"]
    inside = ("hiddenBy", "mentioned") + (("mentions", "replyTo", "payload", "notice", "reactions") if hidden else ())
    whole = {name: value for name, value in message.items() if value and name not in inside}
    if "reactions" in whole:
        whole["reactions"] = [{"emoji": one, "userIds": list(by)} for one, by in message["reactions"].items()]
    return {**whole, "text": "" if hidden else message["text"], **({"hidden": True} if hidden else {})}

class Backend:
    """What there is (§4), the logs (§6), and the operations (§5). One request at a time: its lock is held meanwhile."""

    def __init__(self):
        self.lock, self.sockets = threading.RLock(), set()
        self.users, self.sessions, self.tokens = {}, {}, {}
        self.conversations, self.messages, self.pairs = {}, {}, {}

    def tell(self, users, kind, data):
        """An event for the logs of these users."""
        for user in list(users):
            events = self.users[user]["events"]
            events.append({"seq": len(events) + 1, "at": now(), "type": kind, "data": data})

    def deliver(self):
        for socket in list(self.sockets):
            socket.catch_up()

    def conversation(self, fields, user):
        found = self.conversations.get(identifier(fields, "conversationId"))
        require(found and user in found["people"], "conversation.notFound", "There is no such conversation")
        return found

    def participant(self, conversation, user):
        mine = {name: conversation["people"][user][name] for name in ("role", "deliveredTo", "readTo")}
        return without_none({"userId": user, "name": self.users[user]["name"], "avatarUrl": self.users[user]["avatarUrl"], **mine})

    def unread(self, conversation, user):
        after = conversation["messages"][conversation["people"][user]["readTo"]:]
        those = [one for one in after if one["senderId"] != user and not one["notice"] and user not in one["hiddenBy"]]
        return {"unreadCount": len(those), "unreadMentions": sum(user in one["mentioned"] for one in those)}

    def view(self, conversation, user):
        fields = ("conversationId", "operationKey", "kind", "title", "avatarUrl", "writing", "context", "createdAt", "revision")
        return without_none({
            **{name: conversation[name] for name in fields}, **self.unread(conversation, user),
            "participants": [self.participant(conversation, one) for one in conversation["people"]],
            "lastPosition": len(conversation["messages"]), "settings": conversation["people"][user]["settings"],
            "messages": [shown(one, user) for one in conversation["messages"][-20:]]})

    def list(self, user):
        active = lambda one: one["messages"][-1]["sentAt"] if one["messages"] else one["createdAt"]
        mine = [one for one in self.conversations.values() if user in one["people"]]
        return [self.view(one, user) for one in sorted(reversed(mine), key=active, reverse=True)]

    # What operations have in common.

    def begin(self, user, key, kind, others, **profile):
        conversation = {
            "conversationId": "c-" + secrets.token_hex(12), "operationKey": key, "kind": kind, "title": None, "avatarUrl": None,
            "context": None, "writing": "everyone", "createdAt": now(), "revision": 0, "messages": [], "people": {}, **profile}
        self.conversations[conversation["conversationId"]] = conversation
        for one in [user, *others]:
            self.join(conversation, one, "admin" if (kind, one) == ("group", user) else "member")
        self.introduce(conversation, conversation["people"])
        return conversation

    def join(self, conversation, user, role="member"):
        last = len(conversation["messages"])
        conversation["people"][user] = {"role": role, "deliveredTo": last, "readTo": last, "settings": {}}

    def introduce(self, conversation, users):
        for user in users:
            self.tell([user], "conversation.created", self.view(conversation, user))

    def direct_with(self, user, other, key=None, about=None):
        """The one direct conversation of two people, which begins if there is none."""
        require(other != user)
        require(other in self.users, "user.notFound", "There is no such user")
        pair = frozenset((user, other))
        if pair not in self.pairs:
            self.pairs[pair] = self.begin(user, key, "direct", [other], context=about)
        return self.pairs[pair]

    def post(self, conversation, user, key, text, mentions=(), **content):
        message = {"messageId": "m-" + secrets.token_hex(12), "operationKey": key, "conversationId": conversation["conversationId"],
                   "position": len(conversation["messages"]) + 1, "senderId": user, "sentAt": now(), "revision": 0,
                   "text": text, "mentions": list(mentions), "mentioned": set(mentions), "reactions": {}, "hiddenBy": set(),
                   "notice": None, "deleted": None, **content}
        conversation["messages"].append(message)
        self.messages[key] = message
        self.tell(conversation["people"], "message.created", shown(message, user))
        return message

    def changed(self, conversation, message, users=None, **beside):
        """A message has changed: under its next number, all of them are told, or some."""
        conversation["revision"] += 1
        message["revision"] = conversation["revision"]
        for user in users or conversation["people"]:
            self.tell([user], "message.updated", {**shown(message, user), **beside})

    def notice(self, conversation, user, key, words, **fields):
        self.post(conversation, user, key, f"{self.users[user]['name']} {words}", notice=fields)

    def writer(self, fields, user):
        conversation = self.conversation(fields, user)
        may = conversation["writing"] == "everyone" or conversation["people"][user]["role"] == "admin"
        require(may, "conversation.forbidden")
        return conversation

    def manager(self, fields, user):
        conversation = self.conversation(fields, user)
        may = conversation["kind"] == "group" and conversation["people"][user]["role"] == "admin"
        require(may, "conversation.forbidden")
        return conversation

    def message(self, conversation, fields, deleted_too=False):
        message = self.messages.get(operation_key(fields, "messageKey"))
        there = message and message["conversationId"] == conversation["conversationId"]
        require(there and (deleted_too or not message["deleted"]), "message.notFound", "There is no such message here")
        return message

    def take_out(self, conversation, user):
        del conversation["people"][user]
        about = {"conversationId": conversation["conversationId"]}
        self.tell([user], "conversation.removed", about)
        self.tell(conversation["people"], "participant.removed", {**about, "userId": user})

    def set_role(self, conversation, user, role):
        conversation["people"][user]["role"] = role
        told = {"conversationId": conversation["conversationId"], "userId": user, "role": role}
        self.tell(conversation["people"], "participant.updated", told)

    def set_settings(self, conversation, user, settings):
        if settings != conversation["people"][user]["settings"]:
            conversation["people"][user]["settings"] = settings
            told = {"conversationId": conversation["conversationId"], "settings": settings}
            self.tell([user], "settings.updated", told)

    # The operations. Each looks at everything before it changes anything: what is refused has changed nothing.

    def message_send(self, user, key, fields):
        body, reply, payload = text(fields, "text", LIMITS["textBytes"]), operation_key(fields, "replyTo"), fields.get("payload")
        require(body is not None and not any(fields.get(name) for name in ("threadRoot", "attachments", "forwardOf")))
        require(payload is None or (isinstance(payload, dict) and text(payload, "type", 128)))
        require(payload is None or size(payload.get("data")) <= LIMITS["textBytes"])
        mentions, known = names(fields, "mentions"), self.messages.get(key)
        to_a_person = fields.get("conversationId") is None and fields.get("toUserId") is not None
        if known:  # The key of a message is remembered as long as the message.
            where = fields.get("conversationId", known["conversationId"])
            require((known["senderId"], known["conversationId"]) == (user, where), "operation.conflict")
            return {"message": shown(known, user)}
        conversation = self.direct_with(user, identifier(fields, "toUserId")) if to_a_person else self.writer(fields, user)
        answered = self.messages.get(reply, {}).get("conversationId") == conversation["conversationId"]
        message = self.post(conversation, user, key, body, [one for one in mentions if one in conversation["people"]],
                            payload=payload, replyTo=reply if answered else None)
        return {"message": shown(message, user)}

    def message_edit(self, user, key, fields):
        conversation = self.writer(fields, user)
        message, body = self.message(conversation, fields), text(fields, "text", LIMITS["textBytes"])
        require(message["senderId"] == user and not message["notice"], "message.forbidden")
        require(body is not None)
        mentions = [one for one in names(fields, "mentions") if one in conversation["people"]]
        if (body, mentions) != (message["text"], message["mentions"]):
            message.update(text=body, mentions=mentions, editedAt=now())
            self.changed(conversation, message)

    def message_delete(self, user, key, fields):
        conversation = self.conversation(fields, user)
        message = self.message(conversation, fields, deleted_too=True)
        may = message["senderId"] == user or conversation["people"][user]["role"] != "member"
        require(may and not message["notice"], "message.forbidden")
        if not message["deleted"]:
            message.update(text="", mentions=[], replyTo=None, payload=None, editedAt=None, reactions={})
            message["deleted"] = {"at": now(), "by": user}
            self.changed(conversation, message)

    def message_hide(self, user, key, fields):
        conversation = self.conversation(fields, user)
        message, before = self.message(conversation, fields, deleted_too=True), self.unread(conversation, user)
        if user not in message["hiddenBy"]:
            message["hiddenBy"].add(user)
            after = self.unread(conversation, user)
            self.changed(conversation, message, [user], **(after if after != before else {}))

    def reaction_add(self, user, key, fields, adds=True):
        conversation = self.writer(fields, user)
        message, one = self.message(conversation, fields), emoji(fields)
        reactions = message["reactions"]
        if (user in reactions.get(one, [])) == adds:
            return
        if adds:
            require((one in reactions or len(reactions) < 50) and sum(user in by for by in reactions.values()) < 20)
            reactions.setdefault(one, []).append(user)
        else:
            reactions[one].remove(user)
            message["reactions"] = {one: by for one, by in reactions.items() if by}
        self.changed(conversation, message)

    def reaction_remove(self, user, key, fields):
        self.reaction_add(user, key, fields, adds=False)

    def receipt_update(self, user, key, fields):
        conversation, delivered, read = self.conversation(fields, user), number(fields, "deliveredTo"), number(fields, "readTo")
        mine, last = conversation["people"][user], len(conversation["messages"])
        if read is not None:
            marked = ("markedUnread",)
            self.set_settings(conversation, user, {name: value for name, value in mine["settings"].items() if name not in marked})
        before = (mine["deliveredTo"], mine["readTo"])
        mine["readTo"] = max(mine["readTo"], min(read or 0, last))
        mine["deliveredTo"] = max(mine["deliveredTo"], min(delivered or 0, last), mine["readTo"])
        if (mine["deliveredTo"], mine["readTo"]) != before:
            told = {"conversationId": conversation["conversationId"], "userId": user,
                    "deliveredTo": mine["deliveredTo"], "readTo": mine["readTo"]}
            self.tell([user], "receipt.updated", {**told, **self.unread(conversation, user)})
            self.tell([one for one in conversation["people"] if one != user], "receipt.updated", told)

    def conversation_create(self, user, key, fields):
        kind, title, about = fields.get("kind"), text(fields, "title", 200), context(fields)
        others = [one for one in names(fields, "participantIds") if one != user]
        picture = text(fields, "avatarUrl", 2048, blank=True) or None
        require(kind in ("direct", "group") and len(others) < 1000)
        require(len(others) == 1 if kind == "direct" else title is not None)
        require(all(one in self.users for one in others), "user.notFound", "There is no such user")
        if kind == "direct":
            return {"conversation": self.view(self.direct_with(user, others[0], key, about), user)}
        group = self.begin(user, key, kind, others, title=title, avatarUrl=picture, context=about)
        return {"conversation": self.view(group, user)}

    def conversation_update(self, user, key, fields):
        conversation = self.conversation(fields, user)
        may = {"admin": ["title", "avatarUrl", "writing", "context"], "moderator": ["title", "avatarUrl"], "member": []}
        may = may[conversation["people"][user]["role"]] if conversation["kind"] == "group" else ["context"]
        require(all(name in may for name in fields if name != "conversationId"), "conversation.forbidden")
        changes = without_none({"title": text(fields, "title", 200), "context": context(fields), "writing": fields.get("writing")})
        require(changes.get("writing", "admins") in ("admins", "everyone"))
        if text(fields, "avatarUrl", 2048, blank=True) is not None:
            changes["avatarUrl"] = fields["avatarUrl"] or None
        renamed = changes.get("title", conversation["title"]) != conversation["title"]
        if any(conversation[name] != value for name, value in changes.items()):
            conversation.update(changes)
            told = {name: conversation[name] for name in ("conversationId", "title", "avatarUrl", "writing", "context")}
            self.tell(conversation["people"], "conversation.updated", without_none(told))
        if renamed:
            title = changes["title"]
            self.notice(conversation, user, key, f"changed the title to {title}", type="titleChanged", title=title)

    def participant_add(self, user, key, fields):
        conversation, there = self.manager(fields, user), names(fields, "userIds")
        require(all(one in self.users for one in there), "user.notFound", "There is no such user")
        before, new = list(conversation["people"]), [one for one in there if one not in conversation["people"]]
        require(len(before) + len(new) <= 1000)
        for one in new:
            self.join(conversation, one)
        if new:
            self.introduce(conversation, new)
            people = [self.participant(conversation, one) for one in new]
            told = {"conversationId": conversation["conversationId"], "participants": people}
            self.tell(before, "participants.added", told)
            words = "added " + ", ".join(one["name"] for one in people)
            self.notice(conversation, user, key, words, type="participantsAdded", userIds=new)

    def participant_remove(self, user, key, fields):
        other = identifier(fields, "userId")
        if other == user:
            return self.conversation_leave(user, key, fields)
        conversation = self.manager(fields, user)
        require(other in conversation["people"], "user.notFound", "There is no such user")
        self.take_out(conversation, other)
        words = f"removed {self.users[other]['name']}"
        self.notice(conversation, user, key, words, type="participantRemoved", userId=other)

    def participant_update(self, user, key, fields):
        conversation, other, role = self.manager(fields, user), identifier(fields, "userId"), fields.get("role")
        require(other in conversation["people"], "user.notFound", "There is no such user")
        admins = [one for one, there in conversation["people"].items() if there["role"] == "admin"]
        require(role in ("admin", "moderator", "member") and (admins != [other] or role == "admin"))
        if conversation["people"][other]["role"] != role:
            self.set_role(conversation, other, role)

    def conversation_leave(self, user, key, fields):
        conversation = self.conversation(fields, user)
        require(conversation["kind"] == "group", "conversation.forbidden")
        self.take_out(conversation, user)
        roles = {one: there["role"] for one, there in conversation["people"].items()}
        if roles and "admin" not in roles.values():
            moderators = [one for one in roles if roles[one] == "moderator"]
            self.set_role(conversation, (moderators or list(roles))[0], "admin")
        if roles:
            self.notice(conversation, user, key, "left", type="participantLeft")

    def settings_update(self, user, key, fields):
        conversation, muted, hidden = self.conversation(fields, user), number(fields, "mutedUntil"), number(fields, "hiddenTo")
        changes = {name: field(fields, name, lambda one: type(one) is bool) for name in ("pinned", "archived", "markedUnread")}
        changes = without_none(changes)
        if muted is not None:
            changes["mutedUntil"] = muted if muted > now() else False
        if hidden is not None:
            changes["hiddenTo"] = min(hidden, len(conversation["messages"]))
        settings = {**conversation["people"][user]["settings"], **changes}
        self.set_settings(conversation, user, {name: value for name, value in settings.items() if value is not False})

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
            outcome = {"operationKey": key, "status": "applied", "appliedAt": now(), **done}
            outcome["seq"] = len(self.users[user]["events"])
            self.users[user]["outcomes"][key] = ((method, fields), outcome)
        return {**outcome, "message": shown(self.messages[key], user)} if "message" in outcome else outcome

    def submit(self, user, operations):
        """The outcomes of operations, in their order (§5.2): after a failure the rest of the conversation is skipped."""
        require(isinstance(operations, list) and all(isinstance(one, dict) for one in operations), "request.malformed")
        require(len(operations) <= LIMITS["operationsPerSubmit"], "request.tooLarge", "Too many operations")
        outcomes, failed = [], set()
        for one in operations:
            require(isinstance(one.get("method"), str) and is_key(one.get("operationKey")), "request.malformed")
        for one in operations:
            params = one.get("params") if isinstance(one.get("params"), dict) else {}
            where = str(params.get("conversationId") or params.get("toUserId") or one["operationKey"])
            outcome = {"operationKey": one["operationKey"], "status": "skipped"}
            if where not in failed:
                try:
                    outcome = self.operate(user, one)
                except Refused as refused:
                    failed.add(where)
                    outcome.update(status="failed", problem=refused.problem)
            outcomes.append(outcome)
        return outcomes

    # Accounts (§7.1, §7.2): tokens are looked up, and of a session the two newest refresh tokens are good.

    def register(self, body):
        user, title, password = identifier(body, "userId"), text(body, "name", 200), body.get("password")
        identifier(body, "deviceId")
        require(title is not None and isinstance(password, str) and size(password) >= 8)
        require(user not in self.users, "user.exists", "There is such a user")
        salt = secrets.token_bytes(16)
        self.users[user] = {"name": title, "avatarUrl": None, "salt": salt, "hash": hashed(password, salt), "outcomes": {},
                            "events": [], "logId": "log-" + secrets.token_hex(8)}
        return self.login(body)

    def login(self, body):
        user, device, password = identifier(body, "userId"), identifier(body, "deviceId"), str(body.get("password"))
        known = self.users.get(user, {"salt": b"nobody", "hash": b""})  # Nobody is told apart, also not by time.
        right = secrets.compare_digest(hashed(password, known["salt"]), known["hash"])
        require(right, "credentials.invalid", "User and password do not go together")
        older = [one for one, there in self.sessions.items() if (there["user"], there["device"]) == (user, device)]
        for one in older[:-1]:
            self.end(one)
        session = "s-" + secrets.token_hex(8)
        self.sessions[session] = {"user": user, "device": device, "createdAt": now(), "refresh": [None, new_token(session)]}
        return self.tokens_of(session)

    def tokens_of(self, session):
        there, token = self.sessions[session], secrets.token_hex(24)
        self.tokens[token] = (session, now() + 900_000)
        return {"userId": there["user"], "deviceId": there["device"], "name": self.users[there["user"]]["name"],
                "accessToken": token, "expiresInMs": 900_000, "refreshToken": there["refresh"][-1]}

    def refresh(self, body):
        token = str(body.get("refreshToken"))
        there = self.sessions.get(token.split(".")[0])
        require(there and token in there["refresh"], "session.revoked", "The session has ended")
        if token not in there["refresh"][-2:]:
            self.end(token.split(".")[0])
            raise Refused("session.revoked", "A refresh token was used twice")
        if token == there["refresh"][-1]:
            there["refresh"].append(new_token(token.split(".")[0]))
        return self.tokens_of(token.split(".")[0])

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
        session, until = self.tokens.get(token, (None, 0))
        require(session in self.sessions, "token.invalid", "The access token is not valid")
        require(until > now(), "token.expired", "The access token has run out")
        return session, until

    # Requests of somebody who is known (§6.3, §7): each gets the rest of the path, the query and the body.

    def request(self, session, verb, path, query, body):
        user = self.sessions[session]["user"]
        mine, head = self.users[user], len(self.users[user]["events"])
        if (verb, path) == ("POST", ["operations"]):
            return {"outcomes": self.submit(user, body.get("operations"))}
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
            return self.page(conversation, user, query) if path[2:] else self.view(conversation, user)
        if path == ["me"] and verb in ("GET", "POST"):
            changes = {name: value for name, value in (("name", text(body, "name", 200)),
                       ("avatarUrl", text(body, "avatarUrl", 2048, blank=True))) if value is not None}
            if any((mine[name] or "") != value for name, value in changes.items()):
                mine.update({name: value or None for name, value in changes.items()})
                people = {one for there in self.conversations.values() if user in there["people"] for one in there["people"]}
                told = without_none({"userId": user, "name": mine["name"], "avatarUrl": mine["avatarUrl"]})
                self.tell({user, *people}, "user.updated", told)
            return without_none({"userId": user, "name": mine["name"], "avatarUrl": mine["avatarUrl"],
                                 "deviceId": self.sessions[session]["device"], "serverTime": now()})
        own = {one: there for one, there in self.sessions.items() if there["user"] == user}
        if (verb, path) == ("GET", ["sessions"]):
            return {"sessions": [{"sessionId": one, "deviceId": there["device"], "createdAt": there["createdAt"],
                                  "current": one == session} for one, there in reversed(own.items())]}
        if verb == "POST" and path[0] == "sessions" and path[2:] == ["end"]:
            require(path[1] in own, "session.notFound", "There is no such session")
            self.end(path[1])
            return {}
        raise Refused("route.unknown", "There is no such route")

    def page(self, conversation, user, query):
        """Messages before a place, after one, or the newest (§7.5)."""
        require(not any(name in query for name in ("around", "aroundMessage", "aroundTime", "thread")))
        before, after, limit = asked(query, "before"), asked(query, "after"), asked(query, "limit")
        limit, there = max(1, min(limit or LIMITS["pageSize"], LIMITS["pageSize"])), conversation["messages"]
        found = there[after:after + limit] if after is not None else there[:max((before or len(there) + 1) - 1, 0)][-limit:]
        return {"messages": [shown(one, user) for one in found]}

METHODS = {
    "message.send": "conversationId toUserId text mentions replyTo threadRoot payload attachments forwardOf",
    "message.edit": "conversationId messageKey text mentions", "message.delete": "conversationId messageKey",
    "message.hide": "conversationId messageKey", "reaction.add": "conversationId messageKey emoji",
    "reaction.remove": "conversationId messageKey emoji", "receipt.update": "conversationId deliveredTo readTo",
    "conversation.create": "kind title avatarUrl context participantIds", "conversation.leave": "conversationId",
    "conversation.update": "conversationId title avatarUrl writing context", "participant.add": "conversationId userIds",
    "participant.remove": "conversationId userId", "participant.update": "conversationId userId role",
    "settings.update": "conversationId mutedUntil pinned archived hiddenTo markedUnread"}
METHODS = {name: fields.split() for name, fields in METHODS.items()}

def is_key(value):
    try:
        return operation_key({"key": value}, "key") is not None
    except Refused:
        return False

def asked(query, name):
    require(query.get(name, "0").isdigit() and int(query.get(name, "0")) < 1 << 53)
    return int(query[name]) if name in query else None

def hashed(password, salt):
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=1 << 12, r=8, p=1)

def new_token(session):
    return f"{session}.{secrets.token_hex(32)}"

def read_object(data):
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    require(isinstance(value, dict), "request.malformed", "That is no JSON object")
    return value

class Connection(BaseHTTPRequestHandler):
    """A connection: HTTP (§7), which becomes a WebSocket (§3) when it asks for one."""
    protocol_version, timeout, disable_nagle_algorithm = "HTTP/1.1", 120, True

    def answer(self):
        url, backend = urlsplit(self.path), self.server.backend
        path, query = [unquote(part) for part in url.path.strip("/").split("/")], parse_qs(url.query, keep_blank_values=True)
        query = {name: values[-1] for name, values in query.items()}
        token = self.headers.get("Authorization", "").removeprefix("Bearer ") or query.get("token", "")
        if path == ["v1", "socket"] and "Sec-WebSocket-Key" in self.headers:
            return WebSocket(self, backend, token).run()
        try:
            length = self.headers.get("Content-Length", "0")
            require(length.isdigit() and "Transfer-Encoding" not in self.headers, "request.malformed")
            data = self.rfile.read(min(int(length), 8 << 20))
            self.close_connection = self.close_connection or int(length) > 8 << 20
            require(int(length) <= LIMITS["frameBytes"], "request.tooLarge", "The body is too large")
            with backend.lock:
                self.say(200, self.route(backend, path, query, data, token))
                backend.deliver()
        except Refused as refused:
            self.say(refused.problem["status"], refused.problem)
        except Exception as error:  # Whatever it was: the next request is answered.
            self.log_error("%r", error)
            self.say(500, Refused("server.error").problem)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def route(self, backend, path, query, data, token):
        if (self.command, path) == ("GET", ["health"]):
            return {"status": "ok"}
        if (self.command, path) == ("GET", ["stats"]):
            return {"connections": len(backend.sockets), "users": len(backend.users),
                    "conversations": len(backend.conversations), "messages": len(backend.messages)}
        if self.command == "POST" and path[:2] == ["v1", "auth"] and path[2:] in (["register"], ["login"], ["refresh"], ["logout"]):
            return getattr(backend, path[2])(read_object(data))
        require(path[0] == "v1" and len(path) > 1, "route.unknown", "There is no such route")
        session, _ = backend.caller(token)
        return backend.request(session, self.command, path[1:], query, read_object(data) if data else {})

    def say(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json" if status == 200 else "application/problem+json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *words):
        """Nothing of what people say goes into a log."""

class WebSocket:
    """A WebSocket: a thread reads frames, another sends what waits; who reads too slowly is closed."""

    def __init__(self, http, backend, token):
        self.http, self.backend, self.token, self.waiting = http, backend, token, queue.Queue(4096)
        self.session, self.user, self.until, self.sent, self.closed = None, None, 0, 0, False

    def run(self):
        accept = hashlib.sha1((self.http.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())
        self.http.send_response(101)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"),
                            ("Sec-WebSocket-Accept", base64.b64encode(accept.digest()).decode())):
            self.http.send_header(name, value)
        self.http.end_headers()
        self.http.close_connection = True
        writer = threading.Thread(target=self.write, daemon=True)
        writer.start()
        try:
            while not self.closed:
                self.receive(self.message())
        except (OSError, ValueError, struct.error):
            pass  # It is gone.
        with self.backend.lock:
            self.close(1000)
        writer.join(timeout=5)

    def message(self):
        """The next text message, whatever it is made of."""
        whole = b""
        while True:
            first, second = self.http.rfile.read(2)
            length = second & 127
            if length > 125:
                length = int.from_bytes(self.http.rfile.read(2 if length == 126 else 8), "big")
            if len(whole) + length > LIMITS["frameBytes"]:
                self.close(1009)
                raise ValueError("too large")
            mask, data = self.http.rfile.read(4), self.http.rfile.read(length)
            data = (int.from_bytes(data, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")).to_bytes(length, "big")
            if first & 15 == 8:
                raise ValueError("closed")
            if first & 15 == 9:
                self.put(10, data)
            elif first & 15 < 3:
                whole += data
                if first & 128:
                    return whole

    def receive(self, data):
        with self.backend.lock:
            if self.closed:
                return
            frame = None
            try:
                frame = read_object(data)
                require(isinstance(frame.get("type"), str), "request.malformed")
                self.handle(frame, frame["type"])
                self.backend.deliver()
            except Refused as refused:
                problem, submit = refused.problem, frame and frame.get("submitId")
                about = {"submitId": submit} if frame and frame.get("type") == "submit" and type(submit) is int else {}
                self.send({"type": "problem", **about, "problem": problem})
                if not about:
                    self.close(4401 if problem["code"].startswith("token.") else 4400)
            except Exception as error:
                self.http.log_error("%r", error)
                self.close(1011)

    def handle(self, frame, kind):
        if kind == "hello":
            require(self.session is None, "request.malformed")
            require(frame.get("version") == 1, "version.unsupported", "This version is not spoken")
            return self.greet(str(frame.get("accessToken") or self.token), number(frame, "since") or 0, frame.get("logId"))
        if kind not in ("authenticate", "submit", "ping"):
            return None  # It is not known, or needs a capability.
        require(self.session is not None, "request.malformed")
        if kind == "authenticate":
            session, self.until = self.backend.caller(frame.get("accessToken"))
            require(session == self.session, "token.invalid")
        elif kind == "ping":
            self.send({"type": "pong", "id": frame.get("id"), "head": self.sent})
        else:
            require(type(frame.get("submitId")) is int, "request.malformed")
            outcomes = self.backend.submit(self.user, frame.get("operations"))
            self.send({"type": "outcome", "submitId": frame["submitId"], "outcomes": outcomes})

    def greet(self, token, since, log):
        session, self.until = self.backend.caller(token)
        self.session, self.user = session, self.backend.sessions[session]["user"]
        mine = self.backend.users[self.user]
        head, follows = len(mine["events"]), log == mine["logId"] and since <= len(mine["events"])
        self.send({"type": "ready", "userId": self.user, "deviceId": self.backend.sessions[session]["device"], "head": head,
                   "logId": mine["logId"], "heartbeatMs": 30_000, "operationKeyRetentionMs": 30 * 86_400_000,
                   "serverTime": now(), "limits": LIMITS, "capabilities": []})
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

    def send(self, frame):
        self.put(1, json.dumps(frame).encode())

    def close(self, code):
        if not self.closed:
            self.put(8, struct.pack("!H", code))
            self.closed = True
            self.backend.sockets.discard(self)

    def put(self, kind, data):
        try:
            if not self.closed:
                self.waiting.put_nowait((kind, data))
        except queue.Full:
            self.closed = True
            self.backend.sockets.discard(self)
            self.http.connection.close()

    def write(self):
        try:
            while True:
                try:
                    kind, data = self.waiting.get(timeout=1)
                except queue.Empty:
                    if self.session and self.until <= now():
                        self.close(4401)
                    continue
                length = bytes([len(data)]) if len(data) < 126 else struct.pack("!BH", 126, len(data)) \
                    if len(data) < 1 << 16 else struct.pack("!BQ", 127, len(data))
                self.http.wfile.write(bytes([128 | kind]) + length + data)
                if kind == 8:
                    return self.http.connection.shutdown(1)
        except OSError:
            self.closed = True

def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--port", type=int, default=4000)
    options.add_argument("--user", action="append", default=[], metavar="ID:NAME:PASSWORD")
    options, backend = options.parse_args(), Backend()
    for user in options.user:
        user, title, password = user.split(":", 2)
        backend.register({"userId": user, "name": title, "password": password, "deviceId": "setup"})
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Connection)
    server.daemon_threads, server.backend = True, backend
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()

if __name__ == "__main__":
    main()

"""Asks a mock server everything that its OpenAPI document allows, and much that it does not: no answer is a
5xx, and none is one that the document does not know. Usage: contract.py MOCK_SERVER SCHEMATHESIS"""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.request

from tusclient.client import TusClient

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# They end what the others need, so they are asked last.
LAST = [
    "/v1/sessions/{sessionId}/end",
    "/v1/conversations/{conversationId}/leave",
    "/v1/me/delete",
]


def ask(url, token=None, body=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers)) as answer:
        return json.load(answer)


def upload(url, token, folder):
    """A client of tus that knows nothing of this server uploads a file, stops half-way, and goes on."""
    content = os.urandom(300_000)
    path = pathlib.Path(folder, "harbour.jpg")
    path.write_bytes(content)
    client = TusClient(f"{url}/v1/files", headers={"Authorization": f"Bearer {token}"})
    metadata = {"filename": path.name, "sha256": hashlib.sha256(content).hexdigest()}
    begun = client.uploader(str(path), chunk_size=65_536, metadata=metadata)
    begun.upload_chunk()
    resumed = client.uploader(str(path), chunk_size=65_536, url=begun.url)
    assert resumed.get_offset() == 65_536, resumed.get_offset()
    resumed.upload()
    asked = urllib.request.Request(begun.url, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(asked) as answer:
        assert answer.read() == content, "another file came back"
    print("tuspy uploaded a file, in two goes")
    return begun.url.rsplit("/", 1)[-1]


ADMIN_TOKEN = "only-for-this-run"


def fuzz(schemathesis, document, token, config, selection):
    """Runs in the folder of its configuration, because it keeps what it saw in the folder where it runs."""
    command = [schemathesis, "--config-file", config, "run", document]
    command += ["--header", f"Authorization: Bearer {token}", "--checks", CHECKS, "--seed", "1"]
    command += ["--phases", "coverage,fuzzing", "--max-examples", "40", "--no-color"]
    here = str(pathlib.Path(__file__).resolve().parent)
    hooks = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": here, "PYTHONDONTWRITEBYTECODE": "1"}
    environment = os.environ | hooks
    done = subprocess.run(command + selection, stdin=subprocess.DEVNULL, env=environment, cwd=config.parent)
    return done.returncode


def main():
    server, schemathesis = sys.argv[1:]
    command = [server, "--port", "0", "--admin-token", ADMIN_TOKEN]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        admin, url = (next(running.stdout).split()[-1] for _ in range(2))
        login = {"userId": "alice", "password": "alice-password", "deviceId": "contract"}
        token = ask(f"{url}/v1/auth/login", body=login)["accessToken"]
        group = {"kind": "group", "title": "Contract", "participantIds": ["bob"]}
        group = ask(f"{url}/v1/conversations", token, group)["conversationId"]
        message = ask(f"{url}/v1/conversations/{group}/messages", token, {"text": "hello"})["messageId"]
        with tempfile.TemporaryDirectory() as folder:
            file = upload(url, token, folder)
            config = pathlib.Path(folder, "schemathesis.toml")
            config.write_text(
                "[parameters]\n"
                f'"path.conversationId" = "{group}"\n"path.messageId" = "{message}"\n'
                '"path.userId" = "bob"\n"path.deviceId" = "contract"\n'
                f'"path.fileId" = "{file}"\n"header.Tus-Resumable" = "1.0.0"\n'
            )
            others = [word for path in LAST for word in ("--exclude-path", path)]
            last = [word for path in LAST for word in ("--include-path", path)]
            document = f"{url}/v1/openapi.json"
            failed = fuzz(schemathesis, document, token, config, others)
            failed = fuzz(schemathesis, document, token, config, last) or failed
            world = ask(f"{admin}/admin/worlds", ADMIN_TOKEN, {"demo": True})["world"]
            # A question that waits for a minute is one that nobody asks a second time.
            config.write_text(
                "[parameters]\n"
                f'"path.world" = "{world}"\n"path.user" = "alice"\n"query.waitMs" = 1\n'
            )
            # The world is to be there to the end.
            kept = ["--exclude-method", "DELETE"]
            document = f"{admin}/admin/openapi.json"
            failed = fuzz(schemathesis, document, ADMIN_TOKEN, config, kept) or failed
        alive = ask(f"{url}/health") == {"status": "ok"}
        return failed if alive else "the server does not answer any more"
    finally:
        running.terminate()
        running.wait()


sys.exit(main())

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
    headers = {"Authorization": f"Bearer {token}"} if token else {}
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


def fuzz(schemathesis, url, token, config, selection):
    command = [schemathesis, "--config-file", config, "run", f"{url}/v1/openapi.json"]
    command += ["--header", f"Authorization: Bearer {token}", "--checks", CHECKS, "--seed", "1"]
    command += ["--phases", "coverage,fuzzing", "--max-examples", "40", "--no-color"]
    here = str(pathlib.Path(__file__).parent)
    hooks = {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": here, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command + selection, stdin=subprocess.DEVNULL, env=os.environ | hooks)
    return done.returncode


def main():
    server, schemathesis = sys.argv[1:]
    running = subprocess.Popen([server, "--port", "0", "--no-admin"], stdout=subprocess.PIPE, text=True)
    try:
        url = next(line.split()[-1] for line in running.stdout if line.startswith("listening on "))
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
            failed = fuzz(schemathesis, url, token, config, others)
            failed = fuzz(schemathesis, url, token, config, last) or failed
        alive = ask(f"{url}/health") == {"status": "ok"}
        return failed if alive else "the server does not answer any more"
    finally:
        running.terminate()
        running.wait()


sys.exit(main())

"""deploy/nginx.conf in the real nginx, before the real channels."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import websockets

from tests.connectors.running import RunningServer
from tests.services import NGINX, free_port

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "deploy" / "nginx.conf"
HOST = "chat.shop.example"


@dataclass(frozen=True)
class Proxy:
    """A running nginx; `trusted` is its own certificate."""

    port: int
    plain_port: int
    rasa: RunningServer
    log: Path
    trusted: ssl.SSLContext

    def client(self) -> httpx.Client:
        """Speaks to it under its name."""
        return httpx.Client(base_url=f"https://127.0.0.1:{self.port}", verify=False, headers={"Host": HOST}, timeout=30)

    def raw(self, request: bytes) -> bytes:
        """What it answers to these bytes."""
        with (
            closing(socket.create_connection(("127.0.0.1", self.port), timeout=10)) as line,
            self.trusted.wrap_socket(line, server_hostname=HOST) as secure,
        ):
            secure.sendall(request)
            answer = b""
            while chunk := secure.recv(65536):
                answer += chunk
            return answer


def program() -> str:
    """Where nginx is; skips the test where it is not to be had."""
    found = os.environ.get(NGINX) or shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not found:
        pytest.skip("no nginx")
    return found


def written(folder: Path, port: int, plain_port: int, rasa_port: int) -> Path:
    """The configuration with this test's ports and files, and what surrounds it on a server."""
    text = CONFIGURATION.read_text("utf-8")
    for old, new in (
        ("127.0.0.1:5005;", f"127.0.0.1:{rasa_port};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
        (f"/etc/nginx/tls/{HOST}", str(folder / "tls")),
        ("/var/log/nginx/", f"{folder}/"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    (folder / "lingxi.conf").write_text(text, "utf-8")
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ access_log off; {temporary} include {folder}/lingxi.conf; }}"
    (folder / "nginx.conf").write_text(whole, "utf-8")
    return folder / "nginx.conf"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    nginx = program()
    folder = tmp_path_factory.mktemp("nginx")
    for path in (folder, *folder.parents):
        if path.is_relative_to(folder.parents[1]):
            path.chmod(0o755)  # nginx' workers run as another user when root starts it
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={HOST}",
         "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", folder / "tls.key", "-out", folder / "tls.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    rasa = RunningServer(folder / "rasa", "--origins", "https://shop.example")
    port, plain_port = free_port(), free_port()
    configuration = written(folder, port, plain_port, rasa.port)
    started_with = [nginx, "-c", configuration, "-p", folder, "-e", folder / "error.log"]
    trial = subprocess.run([*started_with, "-t"], capture_output=True, text=True)
    assert trial.returncode == 0, trial.stderr
    assert "warn" not in trial.stderr
    process = subprocess.Popen([*started_with, "-g", "daemon off;"])
    try:
        rasa.start()
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None and time.monotonic() < deadline
                time.sleep(0.05)
        trusted = ssl.create_default_context(cafile=str(folder / "tls.pem"))
        yield Proxy(port, plain_port, rasa, folder / "lingxi.log", trusted)
    finally:
        process.terminate()
        process.wait(10)
        rasa.end(signal.SIGKILL)


@pytest.mark.parametrize(
    "path",
    [
        "/", "/status", "/version", "/domain", "/conversations/x/tracker", "/model/parse", "/test/heard", "/webhooks",
        "/webhooks/../test/heard", "/webhooks/%2e%2e/test/heard", "/webhooks/..%2ftest/heard", "//test/heard",
        "/webhooks/./../test//heard",
    ],
)  # fmt: skip
def test_only_the_channels_are_reached(proxy: Proxy, path: str) -> None:
    answer = proxy.raw(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
    assert answer.split()[1] in (b"404", b"301", b"400")
    assert b"\r\n\r\n[]" not in answer


def test_the_chat_page_comes_with_its_headers_once(proxy: Proxy) -> None:
    with proxy.client() as client:
        answer = client.get("/webhooks/webchat/")
    assert answer.status_code == 200
    assert "frame-ancestors" in answer.headers["content-security-policy"]
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    assert "max-age" in answer.headers["strict-transport-security"]
    assert answer.headers["server"] == "nginx", "no versions"


def test_a_socket_stays_open_through_it(proxy: Proxy) -> None:
    async def run() -> list[str]:
        address = f"wss://{HOST}:{proxy.port}/webhooks/webchat/ws"
        headers = {"Origin": f"https://{HOST}:{proxy.port}"}
        async with websockets.connect(
            address, host="127.0.0.1", ssl=proxy.trusted, additional_headers=headers, proxy=None
        ) as line:
            await line.send(json.dumps({"type": "hello"}))
            await line.send(json.dumps({"type": "message", "id": "m-00000001", "text": "你好"}))
            seen: list[str] = []
            while "您说：你好" not in seen:
                frame = json.loads(await asyncio.wait_for(line.recv(), 10))
                seen.append(frame.get("text", frame["type"]))
            return seen

    with ThreadPoolExecutor(1) as thread:  # other tests of this process may have left a loop running in this one
        assert "welcome" in thread.submit(asyncio.run, run()).result()


def test_other_sites_get_no_socket_through_it_either(proxy: Proxy) -> None:
    with proxy.client() as client:
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "x" * 22 + "=="}
        answer = client.get("/webhooks/webchat/ws", headers={**upgrade, "Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_what_is_too_large_is_refused_before_rasa(proxy: Proxy) -> None:
    with proxy.client() as client:
        text = client.post("/webhooks/rest/webhook", json={"sender": "u-1", "message": "长" * 40_000})
        picture = client.post("/webhooks/webchat/media", content=b"x" * (5 * 1024 * 1024 + 1))
    assert (text.status_code, picture.status_code) == (413, 413)
    assert text.json()["code"] == "too_large"


@pytest.mark.parametrize("length", ["-1", "1e3", "+5", "0x10", "5, 5"])
def test_a_length_that_is_none_is_refused(proxy: Proxy, length: str) -> None:
    request = f"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    assert proxy.raw(request.encode()).split()[1] == b"400"
    assert proxy.rasa.heard() is not None, "Rasa still answers"


def test_a_flood_from_one_address_is_held_up(proxy: Proxy) -> None:
    with proxy.client() as client, ThreadPoolExecutor(16) as crowd:
        answers = list(crowd.map(lambda _: client.get("/webhooks/webchat/icon.svg"), range(300)))
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["retry-after"]) > 0
    assert refused.json()["code"] == "too_fast"


def test_plain_http_is_sent_to_https(proxy: Proxy) -> None:
    answer = httpx.get(f"http://127.0.0.1:{proxy.plain_port}/webhooks/webchat/", headers={"Host": HOST})
    assert answer.status_code == 301
    assert answer.headers["location"].startswith("https://")


def test_its_log_holds_no_conversation(proxy: Proxy) -> None:
    with proxy.client() as client:
        client.get("/webhooks/rest/messages", params={"sender": "u-a-conversation-of-somebody"})
    deadline = time.monotonic() + 5
    while "rest/messages" not in proxy.log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "rest/messages" in proxy.log.read_text()
    assert "somebody" not in proxy.log.read_text()


def test_without_rasa_the_answer_is_kind(proxy: Proxy) -> None:
    proxy.rasa.end(signal.SIGKILL)
    try:
        time.sleep(3)  # the flood before is forgotten
        with proxy.client() as client:
            answer = client.get("/webhooks/webchat/")
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
    finally:
        proxy.rasa.start()

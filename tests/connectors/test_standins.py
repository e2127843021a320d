"""`make run STANDINS=1`: the phone on a page, and what it tells when the shop's server takes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.request

from deploy.run import addresses, with_standins
from tests.connectors.running import ROOT
from tests.services import free_port


def test_a_phone_is_served_and_its_address_is_printed() -> None:
    environ = {**os.environ, "LINGXI_RASA_PORT": str(free_port()), "LINGXI_BACKOFFICE_PORT": "8000", "LINGXI_BIND": "127.0.0.1"}
    told, command, page = with_standins(environ)
    assert f"{page}/" in addresses(told, page) and page not in addresses(told)
    process = subprocess.Popen(command.split(), cwd=ROOT, env=told)
    try:
        deadline = time.monotonic() + 90
        while True:
            try:
                with urllib.request.urlopen(page, timeout=5) as answer:
                    assert "微信" in answer.read().decode()
                break
            except OSError:
                assert time.monotonic() < deadline and process.poll() is None
                time.sleep(0.1)
        said = urllib.request.Request(f"{page}/phone/wechat/say?openid=o12345678", json.dumps({"text": "你好"}).encode())
        with urllib.request.urlopen(said, timeout=30) as answer:
            tries = json.load(answer)["deliveries"]
        assert [each["status"] for each in tries] == [0, 0, 0], "nobody listens there: delivered three times, as WeChat does"
        with urllib.request.urlopen(f"{page}/sms", timeout=5) as answer:
            assert "短信" in answer.read().decode()
        typed = urllib.request.Request(f"{page}/sms/phones/+8613800000001", json.dumps({"text": "你好"}).encode())
        with urllib.request.urlopen(typed, timeout=30) as answer:
            assert json.load(answer) == {"status": 0}
        with urllib.request.urlopen(f"{page}/sms/phones/+8613800000001", timeout=5) as answer:
            assert [(each["who"], each["text"]) for each in json.load(answer)] == [("customer", "你好")]
    finally:
        process.kill()
        process.wait(10)

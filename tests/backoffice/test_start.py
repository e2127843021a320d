"""Starting: settings that must be right, tables that fit the models, commands that work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text

from backoffice.clock import SHANGHAI
from backoffice.database import PROJECT_ROOT, Database, alembic_config
from backoffice.models import Base
from backoffice.settings import Settings, SettingsError
from tests.backoffice.conftest import fresh_database

SECRETS = {
    "LINGXI_SERVICE_TOKEN": "t" * 20 + "o" * 20,
    "LINGXI_CUSTOMER_JWT_SECRET": "s" * 20 + "e" * 20,
    "LINGXI_RASA_TOKEN": "r" * 20 + "a" * 20,
}


@pytest.mark.parametrize("name", list(SECRETS))
@pytest.mark.parametrize(
    "value", ["", "   ", "change-me", "changeme", "secret", "…", "x" * 40, "short", "change-me-" * 5]
)
def test_a_bad_secret_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_env({**SECRETS, name: value})


def test_secrets_do_not_show_themselves() -> None:
    settings = Settings.from_env(SECRETS)
    assert SECRETS["LINGXI_SERVICE_TOKEN"] not in repr(settings)


def test_the_rest_has_defaults_and_is_checked() -> None:
    settings = Settings.from_env(SECRETS)
    assert (settings.bind, settings.port, settings.demo) == ("127.0.0.1", 8000, False)
    frozen = Settings.from_env({**SECRETS, "LINGXI_CLOCK": "2026-11-21T20:00:00Z", "LINGXI_DEMO": "1"})
    assert (frozen.clock().date(), frozen.clock().tzinfo, frozen.demo) == (date(2026, 11, 22), SHANGHAI, True)
    for name, value in {"LINGXI_BACKOFFICE_PORT": "http", "LINGXI_CLOCK": "soon"}.items():
        with pytest.raises(SettingsError, match=name):
            Settings.from_env({**SECRETS, name: value})


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_migrations_make_the_tables_of_the_models(kind: str, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path) as database:
        database.migrate()
        database.migrate()
        with database.engine.begin() as connection:
            command.check(alembic_config(connection))
        assert set(Base.metadata.tables) < set(inspect(database.engine).get_table_names())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_migrations_can_be_taken_back(kind: str, tmp_path: Path) -> None:
    with fresh_database(kind, tmp_path) as database:
        database.migrate()
        with database.engine.begin() as connection:
            command.downgrade(alembic_config(connection), "base")
        assert inspect(database.engine).get_table_names() == ["alembic_version"]


def test_sqlite_is_opened_for_many(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'new' / 'folder' / 'shop.db'}")
    with database.read() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA busy_timeout")) == 30_000
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()


def test_postgresql_urls_go_through_psycopg() -> None:
    database = Database("postgresql://someone@example.invalid/shop")
    assert database.engine.url.drivername == "postgresql+psycopg"


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINGXI_")}
    return subprocess.run(
        [sys.executable, "-m", "backoffice", *arguments],
        cwd=PROJECT_ROOT,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_process_refuses_to_start_without_its_secrets(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    done = run("serve", LINGXI_BACKOFFICE_DATABASE_URL=url, LINGXI_SERVICE_TOKEN="change-me")
    assert done.returncode == 2
    assert done.stderr.strip() == "backoffice: LINGXI_SERVICE_TOKEN is a placeholder"
    assert not (tmp_path / "shop.db").exists()


WITHOUT_A_HEADER = ("-look", "/options")
"""What would happen, asked with more than an address holds: nothing is written."""


def test_openapi_is_printed_and_documents_every_problem() -> None:
    schema = json.loads(run("openapi").stdout)
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            assert operation["tags"], (method, path)
            assert operation["summary"], (method, path)
            if path.startswith("/api/v1"):
                assert {"401", "422"} <= operation["responses"].keys(), (method, path)
                for status, response in operation["responses"].items():
                    if int(status) >= 400:
                        assert list(response["content"]) == ["application/problem+json"], (method, path)
            if method != "get" and not path.endswith(WITHOUT_A_HEADER):
                names = {parameter["name"] for parameter in operation["parameters"]}
                assert "Idempotency-Key" in names, (method, path)

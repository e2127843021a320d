"""python -m backoffice [serve | seed | migrate | openapi | knowledge …]"""

from __future__ import annotations

import argparse
import json
import logging
import sys

import uvicorn

from backoffice.app import create_app
from backoffice.clock import Clock
from backoffice.database import Database
from backoffice.settings import Settings, SettingsError, clock_from_env, database_url_from_env
from privacy import logs


def main(arguments: list[str] | None = None) -> int:
    told = sys.argv[1:] if arguments is None else arguments
    if told[:1] == ["knowledge"]:
        return _knowledge(told[1:])
    parser = argparse.ArgumentParser(prog="python -m backoffice", description="The shop's systems of record.")
    parser.add_argument(
        "command",
        nargs="?",
        default="serve",
        choices=["serve", "seed", "migrate", "openapi"],
        help=(
            "serve (default): migrate, seed the demo shop when LINGXI_DEMO=1, serve; seed: fill an empty "
            "database; migrate: bring the tables up to date; openapi: print the API's description; "
            "knowledge: the knowledge base, see `knowledge --help`"
        ),
    )
    command = parser.parse_args(told).command
    logs.install()
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s level=%(levelname)s logger=%(name)s %(message)s"
    )
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        match command:
            case "migrate":
                _migrated(database_url_from_env()).close()
            case "seed":
                database = _migrated(database_url_from_env())
                _seed_if_empty(database, clock_from_env())
                database.close()
            case "openapi":
                _print_openapi()
            case _:
                _serve(Settings.from_env())
    except SettingsError as error:
        print(f"backoffice: {error}", file=sys.stderr)
        return 2
    return 0


def _knowledge(arguments: list[str]) -> int:
    from backoffice.knowledge.cli import main as knowledge

    logging.basicConfig(level=logging.WARNING)
    try:
        url, clock = database_url_from_env(), clock_from_env()
    except SettingsError as error:
        print(f"backoffice: {error}", file=sys.stderr)
        return 2
    return knowledge(arguments, lambda: _migrated(url), clock)


def _migrated(url: str) -> Database:
    database = Database(url)
    database.migrate()
    return database


def _seed_if_empty(database: Database, clock: Clock) -> None:
    from backoffice.knowledge import demo
    from backoffice.seed import seed

    with database.write() as session:
        seeded = seed(session, clock())
        entries = demo.seed(session, clock())
    logging.getLogger("backoffice").info("seed done=%s knowledge=%d", str(seeded).lower(), entries)


def _print_openapi() -> None:
    unused = "x" * 32
    database = Database("postgresql://never-connected")
    app = create_app(Settings(service_token=unused, customer_jwt_secret=unused), database)
    json.dump(app.openapi(), sys.stdout, ensure_ascii=False, indent=2)
    database.close()


def _serve(settings: Settings) -> None:
    logs.hide(settings.service_token, settings.customer_jwt_secret, settings.rasa_token)
    database = _migrated(settings.database_url)
    if settings.demo:
        _seed_if_empty(database, settings.clock)
    # No access log: paths and queries are logged by the gate, without what customers typed.
    uvicorn.run(
        create_app(settings, database),
        host=settings.bind,
        port=settings.port,
        access_log=False,
        log_config=None,
        server_header=False,
    )


if __name__ == "__main__":
    raise SystemExit(main())

"""What follows the database hears of every write, and asks for little while nothing is written."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import text

from backoffice.database import Changes, Database


def written(database: Database) -> None:
    with database.write() as session:
        session.execute(text("INSERT INTO notes VALUES ('x')"))


def test_every_commit_is_heard_of_once(tmp_path: Path) -> None:
    database, other = (Database(f"sqlite:///{tmp_path}/shop.db") for _ in range(2))
    with database.write() as session:
        session.execute(text("CREATE TABLE notes (note TEXT)"))
    changes = Changes(database, at_least=3600)
    assert changes(), "the first time there is everything to see"
    assert not changes()
    for writer in (database, other):
        written(writer)
        assert changes()
        assert not changes()
    changes.again()
    assert changes(), "what failed is looked at again"
    with database.read() as session:
        session.execute(text("SELECT * FROM notes"))
    assert not changes()
    changes.close()


def test_what_only_time_changes_is_seen_without_a_write(tmp_path: Path) -> None:
    changes = Changes(Database(f"sqlite:///{tmp_path}/shop.db"), at_least=0)
    assert changes() and changes()
    changes.close()


def test_where_commits_are_not_counted_the_answer_is_look() -> None:
    changes = Changes(Database("postgresql://never-connected"), at_least=3600)
    assert changes() and changes()

from __future__ import annotations

import contextlib
import sqlite3
import threading

import pytest

from poser.experts.errors import InputError, StoreError
from poser.store.database import Database
from poser.store.schema import MIGRATIONS


@pytest.fixture
def database(tmp_path):
    with contextlib.closing(Database(tmp_path / "store.sqlite")) as opened:
        opened.write(lambda c: c.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)"))
        yield opened


def insert(number):
    return lambda connection: connection.execute("INSERT INTO numbers VALUES (?)", (number,)).rowcount


def count(database):
    return database.read(lambda connection: connection.execute("SELECT COUNT(*) FROM numbers").fetchone()[0])


def test_writes_of_many_threads_are_all_there(database):
    threads = [threading.Thread(target=lambda n=n: database.write(insert(n))) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(database) == 40


def test_one_that_raises_is_undone_alone_though_committed_with_others(database):
    gate, inside = threading.Event(), threading.Event()

    def hold(connection):
        inside.set()
        assert gate.wait(10)

    def half(connection):
        insert(100)(connection)
        raise ValueError("of the caller")

    def again(connection):
        insert(1)(connection)

    database.write_later(hold)
    assert inside.wait(10)
    # these wait together now
    good = [database.write_later(insert(n)) for n in (1, 2)]
    bad = [database.write_later(half), database.write_later(again)]
    good.append(database.write_later(insert(3)))
    gate.set()
    assert [future.result(10) for future in good] == [1, 1, 1]
    assert isinstance(bad[0].exception(10), ValueError)
    assert isinstance(bad[1].exception(10), StoreError)
    assert count(database) == 3
    with pytest.raises(ValueError, match="of the caller"):
        database.flush()
    with pytest.raises(StoreError, match="UNIQUE"):
        database.write(insert(1))


def test_errors_of_what_nobody_waited_for_come_out_at_flush_or_close(tmp_path):
    database = Database(tmp_path / "store.sqlite")
    database.write_later(lambda c: c.execute("INSERT INTO nowhere VALUES (1)").rowcount)
    with pytest.raises(StoreError, match="no such table"):
        database.flush()
    database.flush()
    database.write_later(lambda c: c.execute("INSERT INTO nowhere VALUES (1)").rowcount)
    with pytest.raises(StoreError, match="no such table"):
        database.close()
    database.close()
    with pytest.raises(StoreError, match="is closed"):
        database.write(lambda c: None)
    with pytest.raises(StoreError, match="is closed"):
        database.read(lambda c: None)


def test_closing_finishes_what_is_queued(tmp_path):
    with contextlib.closing(Database(tmp_path / "store.sqlite")) as database:
        database.write(lambda c: c.execute("CREATE TABLE numbers (n)"))
        for number in range(300):
            database.write_later(insert(number))
    with contextlib.closing(Database(tmp_path / "store.sqlite")) as database:
        assert count(database) == 300


def test_a_reader_sees_one_state_and_cannot_write(database):
    def twice(connection):
        before = connection.execute("SELECT COUNT(*) FROM numbers").fetchone()
        database.write(insert(1))
        return before, connection.execute("SELECT COUNT(*) FROM numbers").fetchone()

    assert database.read(twice) == ((0,), (0,))
    assert count(database) == 1
    with pytest.raises(StoreError, match="readonly"):
        database.read(insert(2))


def test_a_full_disk_is_told_and_loses_nothing_that_was_there(database):
    database.write(insert(1))
    pages = database.write(lambda c: c.execute("PRAGMA page_count").fetchone()[0])
    database.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchall())
    with pytest.raises(StoreError, match="the disk is full"):
        database.write(lambda c: c.execute("CREATE TABLE more AS SELECT randomblob(100000)").rowcount)
    assert count(database) == 1
    database.write(lambda c: c.execute("PRAGMA max_page_count = 100000").fetchall())
    database.write(insert(2))
    assert count(database) == 2


def test_rows_are_durable_before_a_write_returns(database):
    pragmas = [
        database.write(lambda c, name=name: c.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("journal_mode", "synchronous", "foreign_keys")
    ]
    assert pragmas == ["wal", 2, 1]


def test_an_older_store_is_brought_up_to_date_with_its_rows(tmp_path):
    path = tmp_path / "store.sqlite"
    with contextlib.closing(Database(path)) as old:
        old.write(lambda c: c.execute("INSERT INTO track_record VALUES (1, 'kept')").rowcount)
        assert old.read(lambda c: c.execute("PRAGMA user_version").fetchone()) == (len(MIGRATIONS),)
    step = (
        "ALTER TABLE track_record ADD COLUMN note TEXT NOT NULL DEFAULT ''",
        "UPDATE track_record SET note = 'moved from ' || document",
    )
    for _ in range(2):
        with contextlib.closing(Database(path, (*MIGRATIONS, step))) as new:
            assert new.read(lambda c: c.execute("SELECT * FROM track_record").fetchall()) == [
                (1, "kept", "moved from kept")
            ]
            assert new.read(lambda c: c.execute("PRAGMA user_version").fetchone()) == (len(MIGRATIONS) + 1,)
    newest = len(MIGRATIONS)
    with pytest.raises(InputError, match=f"has version {newest + 1} and this release knows {newest}"):
        Database(path)


def test_a_migration_that_breaks_changes_nothing(tmp_path):
    path = tmp_path / "store.sqlite"
    Database(path).close()
    with pytest.raises(InputError, match="no such table: nowhere"):
        Database(path, (*MIGRATIONS, ("DROP TABLE cache", "DROP TABLE nowhere")))
    with contextlib.closing(Database(path)) as same:
        assert same.read(lambda c: c.execute("SELECT COUNT(*) FROM cache").fetchone()) == (0,)


def test_many_may_open_a_new_store_at_once(tmp_path):
    opened, failed = [], []

    def open_one():
        try:
            opened.append(Database(tmp_path / "store.sqlite"))
        except Exception as error:  # noqa: BLE001  whatever goes wrong is asserted on below
            failed.append(error)

    threads = [threading.Thread(target=open_one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in opened:
        database.close()
    assert failed == []
    assert len(opened) == 8


def test_a_file_that_is_no_store_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"something else entirely" * 100)
    with pytest.raises(InputError, match="is not a sound store"):
        Database(path)
    assert path.read_bytes().startswith(b"something else")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="Cannot open the store"):
        Database(tmp_path / "file" / "store.sqlite")


def test_the_stored_version_one_is_still_read(tmp_path):
    """Every later release must open what the first one wrote."""
    from pathlib import Path

    path = tmp_path / "store.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript((Path(__file__).parent / "data" / "version_1.sql").read_text())
    with contextlib.closing(Database(path)) as database:
        tables = ("runs", "calls", "traces", "cache", "pictures", "run_pictures", "track_record", "adopted")
        counts = [
            database.read(lambda c, t=table: c.execute(f"SELECT COUNT(*) FROM {t}").fetchone()[0]) for table in tables
        ]
        columns = "run, key, kind, expert, step, digest, sent, begun, ended, usd, usage, answer"
        kept = database.read(lambda c: c.execute(f"SELECT {columns} FROM calls ORDER BY key").fetchall())
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript((Path(__file__).parent / "data" / "version_1.sql").read_text())
        assert kept == connection.execute(f"SELECT {columns} FROM calls ORDER BY key").fetchall()
    assert counts == [1, 3, 1, 1, 2, 2, 1, 1]

"""A Spark cluster of a master and two workers finds in the lake what DuckDB finds: every row of every mart, every metric."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyspark
import pytest

from analytics.collect import collect
from analytics.lake import Lake
from analytics.marts import open_marts, quality
from analytics.metrics import measure
from analytics.schema import MARTS
from analytics.simulate import Plan, simulate
from analytics.sources.sql import open_store

DEPLOY = "org.apache.spark.deploy"
SECONDS = 120


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a master with two workers, all processes of their own."""
    folder = tmp_path_factory.mktemp("spark")
    home = Path(pyspark.__file__).parent
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    own = {"SPARK_HOME": str(home), "SPARK_WORKER_DIR": str(folder), "PYSPARK_PYTHON": sys.executable}
    log, address = folder / "log", f"spark://127.0.0.1:{port}"
    commands = [("master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0")]
    commands += [("worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "-c", "1", "-m", "1g", address)] * 2
    running = []
    try:
        with log.open("w") as told:
            for name, *arguments in commands:
                command = [str(home / "bin" / "spark-class"), f"{DEPLOY}.{name}", *arguments]
                running.append(subprocess.Popen(command, env={**os.environ, **own}, stdout=told, stderr=told))
            deadline = time.monotonic() + SECONDS
            while log.read_text().count("Registering worker") < 2 and time.monotonic() < deadline:
                time.sleep(0.2)
        assert log.read_text().count("Registering worker") == 2, log.read_text()[-3000:]
        yield address
    finally:
        for process in running:
            process.kill()
            process.wait()


def frames(marts: object) -> dict[str, pd.DataFrame]:
    """Every mart, its rows in an order of their own."""
    told = {}
    for mart in MARTS:
        frame = marts.table(mart.name).to_pandas()
        frame["day"] = frame["day"].astype(str).str[:10] if "day" in frame else None
        told[mart.name] = frame.sort_values(list(mart.names[:5]), ignore_index=True)
    return told


def test_the_same_rows_figures_and_quality(master: str, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/t.db"
    simulate(Plan(days=3, conversations=20, defect=1, outage=2, dirt=True), store)
    lake = Lake(tmp_path / "lake")
    collect(lake, open_store(store))
    duckdb = open_marts(lake)
    rows, figures, checks = frames(duckdb), measure(duckdb), quality(lake)
    by_day = measure(duckdb, ["satisfaction", "first_response_p90", "knowledge_coverage"], ["day"])
    shutil.rmtree(tmp_path / "lake" / "marts")
    spark = open_marts(lake, master=master)
    try:
        for name, frame in frames(spark).items():
            pd.testing.assert_frame_equal(frame, rows[name], check_dtype=False, obj=name)
        pd.testing.assert_frame_equal(measure(spark), figures, check_dtype=False)
        told = measure(spark, ["satisfaction", "first_response_p90", "knowledge_coverage"], ["day"])
        assert list(told.value) == pytest.approx(list(by_day.value))
        assert quality(lake) == checks
    finally:
        spark.disconnect()
    for name, frame in frames(open_marts(lake)).items():
        pd.testing.assert_frame_equal(frame, rows[name], check_dtype=False, obj=f"{name}, made by Spark and read by DuckDB")


def test_the_command(master: str, tmp_path: Path) -> None:
    store, lake = f"sqlite:///{tmp_path}/t.db", tmp_path / "lake"
    simulate(Plan(days=1, conversations=5), store)
    collect(Lake(lake), open_store(store))
    command = (sys.executable, "-W", "ignore", "-m", "analytics", "metrics", "sessions", "turns_per_session", "--json", "--lake", str(lake))
    told = [
        subprocess.run([*command, *more], stdout=subprocess.PIPE, check=True).stdout
        for more in ((), ("--engine", "spark", "--master", master))
    ]
    assert json.loads(told[0]) == json.loads(told[1])

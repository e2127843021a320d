"""From a Rasa tracker store to decisions: collects, cleans, measures and reports conversations.

Sources → staging → lake → marts → metrics → reports. What builds upon it needs three calls:

    lake = Lake(Path("var/lake"))              # analytics.lake: what was collected, a folder of Parquet
    marts = open_marts(lake)                   # analytics.marts: an Ibis connection with every table of analytics.schema
    measure(marts, ["handoff_rate"], by=["day"], since=date(2026, 11, 1), until=date(2026, 12, 1))  # analytics.metrics

`open_marts(...).table("sessions")` is an Ibis table, `.raw_sql(...)` plain SQL; `measure` answers with a pandas frame of
`metric, <by…>, value, n`.
"""

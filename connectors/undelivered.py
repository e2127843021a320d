"""What could not be pushed: to be seen, and to be sent again. And what was received and nobody could read: to be seen.

python -m connectors.undelivered [channel]            lists it
python -m connectors.undelivered wechat --again       has it sent once more by the running server
"""

from __future__ import annotations

import argparse
import sys
from datetime import datetime, timedelta, timezone

from connectors.base import log_name
from connectors.errors import SettingsError
from connectors.intake import unreadable
from connectors.outbox import Outbox
from connectors.settings import Settings
from connectors.store import ConnectorStore

_SHANGHAI = timezone(timedelta(hours=8))


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(description="没有送达的消息 / messages that could not be delivered")
    parser.add_argument("channel", nargs="?", help="只看这个通道 / of this channel only")
    parser.add_argument("--again", action="store_true", help="全部重发 / have them sent again")
    told = parser.parse_args(arguments)
    if told.again and not told.channel:
        parser.error("--again 需要写明通道 / name the channel")
    try:
        store = ConnectorStore(Settings.from_env().database_url)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    outbox = Outbox(store)
    if told.again:
        print(f"将在 20 秒内重发 / to be sent within 20 s: {outbox.send_again(told.channel)}")
    else:
        for each in outbox.undelivered(told.channel):
            name = f"{log_name(each.conversation_id)}#{each.seq}"
            print(f"{_time(each.at_ms)}  {each.channel}  {name}  {each.problem}")
        for push in unreadable(store, told.channel):
            print(
                f"{_time(push.at_ms)}  {push.channel}  收到没能读懂 / not readable: {log_name(push.key)}  {push.problem}"
            )
    store.close()
    return 0


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, _SHANGHAI):%Y-%m-%d %H:%M:%S}"


if __name__ == "__main__":
    sys.exit(main())

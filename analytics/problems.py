"""What can go wrong for a user, each with what to do about it. The command line prints the message, and no traceback.

    AnalyticsError
    ├── StoreError      a tracker store that cannot be read
    ├── LakeError       a lake that is not one, or belongs to other hands
    ├── SettingError    an option, column map or rule that says something impossible
    └── MissingPart     an optional part that is not installed
"""

from __future__ import annotations


class AnalyticsError(Exception):
    """Ends a command with its message."""


class StoreError(AnalyticsError):
    """A tracker store that cannot be read."""


class LakeError(AnalyticsError):
    """A lake that is not one."""


class SettingError(AnalyticsError):
    """An option, column map or rule that says something impossible."""


class MissingPart(AnalyticsError):
    """An optional part that is not installed."""

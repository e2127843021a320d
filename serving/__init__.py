"""Stands in front of both Sanic servers, Rasa's and the action server's; imports nothing else of this project.

Sanic 21.12, which Rasa pins, believes what a request says of itself: `Content-Length: -1` keeps it in an endless loop, one
byte a minute keeps a connection for ever. `install()` has every Sanic application of this process served behind a guard.
"""

from __future__ import annotations

from serving.guard import install

__all__ = ["install"]

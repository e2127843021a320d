"""What can go wrong between a channel and Rasa.

RasaException                     Rasa's command line prints these without a stack
└── ConnectorError
    ├── SettingsError             a variable is missing or a placeholder
    ├── UnknownConversation       an answer for a conversation that no channel has begun
    ├── OtherChannel              the conversation belongs to another channel
    ├── OtherCustomer             the conversation belongs to another customer
    ├── NothingToSay              a message that came has no words for Rasa: the customer is told so
    ├── Refused                   what a client sent cannot be accepted: code, and a text for people
    │   └── ButtonGone            a button whose question is no longer open: nothing was done
    └── PushFailed                a provider has not taken what it was to deliver
        ├── PushLater             to be tried again
        ├── PushHeld              to be kept until the customer writes again
        └── PushRefused           never: to be kept for a person to see
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rasa.shared.exceptions import RasaException

if TYPE_CHECKING:
    from connectors.store import Message


class ConnectorError(RasaException):
    """Base of everything the connectors raise."""


class SettingsError(ConnectorError):
    """The environment lacks something; the message names the variable and says what to do."""


class UnknownConversation(ConnectorError):
    """No channel has begun this conversation."""


class OtherChannel(ConnectorError):
    """The conversation was begun on another channel."""


class OtherCustomer(ConnectorError):
    """The conversation is bound to a customer whom this message does not prove."""


class Refused(ConnectorError):
    """A client sent something that cannot be accepted.

    Attributes:
        code: machine-readable reason.
        text: Chinese, short, says what to do next.
        message_id: the client's id of the message it is about, where one could be read.
        retry_after: seconds after which the same message is welcome, where waiting helps.
    """

    def __init__(
        self, code: str, text: str, *, message_id: str | None = None, retry_after: float | None = None
    ) -> None:
        """Say why, in a word for programs and in a sentence for people."""
        super().__init__(f"{code}: {text}")
        self.code = code
        self.text = text
        self.message_id = message_id
        self.retry_after = retry_after


class ButtonGone(Refused):
    """A button was pressed whose question is no longer open. Nothing was done.

    Attributes:
        question: what is asked now, its buttons included; None where nothing is.
    """

    def __init__(self, text: str, question: Message | None, *, message_id: str | None = None) -> None:
        """`text` says so, and leads over to `question`."""
        super().__init__("button_gone", text, message_id=message_id)
        self.question = question


class NothingToSay(ConnectorError):
    """A message that was taken has no words for Rasa.

    Attributes:
        text: what the customer is told instead of an answer.
    """

    def __init__(self, text: str) -> None:
        """`text` says what to do next."""
        super().__init__("nothing for Rasa")
        self.text = text


class PushFailed(ConnectorError):
    """A provider has not taken a message.

    Attributes:
        problem: why, in a word or the provider's code; no address, no words of anybody's.
    """

    def __init__(self, problem: str) -> None:
        """Say why."""
        super().__init__(problem)
        self.problem = problem


class PushLater(PushFailed):
    """Out of reach, busy or too fast.

    Attributes:
        seconds: how long to wait, where the provider says so.
    """

    def __init__(self, problem: str, seconds: float | None = None) -> None:
        """Say why, and for how long."""
        super().__init__(problem)
        self.seconds = seconds


class PushHeld(PushFailed):
    """The provider takes nothing more for this customer until they write."""


class PushRefused(PushFailed):
    """The provider will never take this message."""

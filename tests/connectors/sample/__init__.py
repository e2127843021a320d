"""A channel is four small files and a line of credentials.yml: `tests.connectors.sample.SampleInput:`."""

from tests.connectors.sample.channel import SampleInput

__all__ = ["SampleInput"]

"""The shop's channels: each folder turns one provider's messages into Rasa's, and the answers back."""

from privacy import logs
from serving import install

logs.install()
install()  # `rasa run` imports the channels before it makes its server

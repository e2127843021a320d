"""The shop's channels: each folder turns one provider's messages into Rasa's, and the answers back."""

import sys

from privacy import logs
from serving import install

logs.install()
install()  # `rasa run` imports the channels before it makes its server

# Whoever writes a message down beside a turn that computes gets the interpreter for it within half a millisecond, not five:
# there are some twenty such moments until a provider has its answer.
sys.setswitchinterval(0.0005)

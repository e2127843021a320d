"""What we add to Rasa's graph and stores."""

from privacy import logs

logs.install()

"""What the assistant does: one module a topic. The action server imports this package before it serves."""

from privacy import logs
from serving import install

logs.install()
install()

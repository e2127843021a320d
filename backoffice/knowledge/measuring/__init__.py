"""How well the knowledge search finds what customers ask: `python -m backoffice.knowledge.measuring`,
`make gate`."""

"""The knowledge base: what customers are answered, who said so, and what an answer must go on answering.

A search engine needs `published(session, now)`, `revision(session, now)` and `PublishedEntry`, all of
`backoffice.knowledge.published`; whoever reads a fee or a number of days needs `facts(session, now)` there.
Nothing is imported here: the process that reads a stranger's file starts without the database.
"""

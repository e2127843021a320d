"""What is done once a rule allows it: each function works inside the caller's transaction.

Whoever changes an order, its parcel or its slips locks the order's row first, so that decisions about one
order are taken one after another on PostgreSQL as on SQLite.
"""

"""The shop's systems of record: orders, parcels, after-sales, invoices, customers, tickets, handoffs."""

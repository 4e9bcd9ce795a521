"""The ground: the database, its migrations, and one file of queries per aggregate.

The only package that knows SQL. Every table of a tenant has the account in its key, and every
query on such a table names it.
"""

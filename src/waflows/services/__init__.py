"""What the product does: one function is one use case in one transaction.

A use case is synchronous, takes a transaction first and knows no HTTP. A caller runs it with
`await database.run(publish, account_id, channel_id, flow_id)`. What needs the network or much time
as well is asynchronous: it runs use cases before and after, and holds no transaction meanwhile.
"""

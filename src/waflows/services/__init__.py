"""What the product does: one function is one use case in one transaction.

Functions here are synchronous, take a transaction first and know no HTTP. A caller runs them with
`await database.run(publish, account_id, channel_id, flow_id)`.
"""

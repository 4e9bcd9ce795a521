"""HTTP without resources: routes, reading requests, authentication, refusals, the gateway.

What is here knows no path of any API. Dialects and console pages stand on it, each with its own
routes.
"""

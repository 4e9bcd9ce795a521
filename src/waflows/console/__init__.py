"""Pages for people: the API's documentation and a flow's preview. Stands on the API's machinery."""

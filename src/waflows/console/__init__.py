"""Pages for people: the console, the simulated phone, previews and the API's documentation."""

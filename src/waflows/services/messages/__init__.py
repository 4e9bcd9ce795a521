"""Messages: what a business sends, what a person answers, and the templates between them."""

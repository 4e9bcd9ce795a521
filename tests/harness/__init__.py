"""What tests share: real servers, real databases, tenants of their own."""

"""Who a client is behind proxies, and what of hits may be shown."""

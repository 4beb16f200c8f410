"""Google Ads by its official client, which is imported only when a connector is built."""

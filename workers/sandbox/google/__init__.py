"""Google Ads on loopback: gRPC with TLS, and the endpoint that gives access tokens."""

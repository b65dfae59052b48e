"""The one ingress: HTTP, WebSocket, authentication."""

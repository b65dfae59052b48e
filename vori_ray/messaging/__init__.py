"""Topics, outbox, Kafka and the live event hub."""

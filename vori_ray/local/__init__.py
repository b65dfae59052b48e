"""The embedded default: PostgreSQL, Kafka, Java, jars and Ray."""

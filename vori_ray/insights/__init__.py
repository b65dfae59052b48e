"""How teams work over time, by Spark."""

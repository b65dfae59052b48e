"""A meeting's life: start, segments, end, minutes, exports."""

"""Words become work."""

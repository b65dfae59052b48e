"""The rules of English: words -> operations."""

from vori_ray.tickets.english.reader import EnglishRules

__all__ = ["EnglishRules"]

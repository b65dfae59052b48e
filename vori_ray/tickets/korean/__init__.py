"""The Korean half of the offline extractor."""

from vori_ray.tickets.korean.reader import KoreanRules

__all__ = ["KoreanRules"]

"""How often somebody may do something, counted in Redis, or in each worker while that is out."""

import hashlib
import logging
from dataclasses import dataclass

from django.core.cache import caches
from redis import Redis

from covid.caching import cache
from covid.timing import Timings

logger = logging.getLogger(__name__)

PLACES = 4096  # whoever shares one is counted together: no number of names or addresses fills the cache


@dataclass(frozen=True)
class Throttle:
    """So many times in a window of seconds, which begins with the first of them."""

    name: str
    times: int
    window: int

    def wait(self, who: str, timings: Timings) -> int:
        """Count one more time; 0 if it is granted, else the seconds until the next one is."""
        key = self._key(who)
        times, left = cache.ask(lambda redis: self._count(redis, key), timings) or self._count_here(key)
        if times <= self.times:
            return 0
        logger.warning("%s was refused: more than %d times in %d s", self.name, self.times, self.window)
        return max(1, left)

    def forget(self, who: str, timings: Timings) -> None:
        """Begin anew with the next time."""
        key = self._key(who)
        caches["process"].delete(key)
        if cache.ask(lambda redis: (redis.delete(key),), timings) is None:
            logger.warning("the cache is out: %s is not forgotten", self.name)

    def _key(self, who: str) -> str:
        place = int.from_bytes(hashlib.sha256(who.encode()).digest()[:4]) % PLACES
        return f"throttle:{self.name}:{place}"

    def _count(self, redis: Redis, key: str) -> tuple[int, int]:
        steps = redis.pipeline(transaction=True)
        steps.set(key, 0, ex=self.window, nx=True)
        steps.incr(key)
        steps.ttl(key)
        _, times, left = steps.execute()
        return times, left

    def _count_here(self, key: str) -> tuple[int, int]:
        if caches["process"].add(key, 1, self.window):
            return 1, self.window
        try:
            return caches["process"].incr(key), self.window
        except ValueError:  # it expired just now
            return 1, self.window

"""One computation for each name in this process: its other threads follow it instead of starting theirs."""

import threading
from dataclasses import dataclass, field


@dataclass(eq=False)
class Flight:
    """A computation under way. `error` is what ended it, for those who followed; None where it went well."""

    landed: threading.Event = field(default_factory=threading.Event)
    error: Exception | None = None


class Flights:
    """The computations under way, by name."""

    def __init__(self) -> None:
        self._flights: dict[str, Flight] = {}
        self._lock = threading.Lock()

    def join(self, name: str) -> tuple[Flight, bool]:
        """The flight for this name, and whether the caller leads it: it then has to land it, in any case."""
        with self._lock:
            flight = self._flights.get(name)
            if flight:
                return flight, False
            self._flights[name] = flight = Flight()
            return flight, True

    def land(self, name: str, flight: Flight) -> None:
        """End the flight, and wake those who follow it."""
        with self._lock:
            del self._flights[name]
        flight.landed.set()

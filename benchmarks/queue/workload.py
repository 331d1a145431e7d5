"""What every queue carries, and how it is counted: 200 characters that begin with a number and the moment of their sending."""

import random
import threading
import time

SIZE = 200
NUMBER, STAMP = slice(0, 8), slice(8, 28)


def payload(number, stamp=0):
    """Return the argument of a task."""
    return f"{number:08d}{stamp:020d}".ljust(SIZE, "x")


class Payloads:
    """The arguments of a run: at once, or one after each pause of a seeded random length, stamped when it is over."""

    def __init__(self, count, pause=None):
        self.count, self.pause, self.random = count, pause, random.Random(count)

    def __iter__(self):
        if self.pause is None:
            yield from [payload(number) for number in range(self.count)]
            return
        for number in range(self.count):
            time.sleep(self.random.uniform(*self.pause))
            yield payload(number, time.monotonic_ns())

    def chunks(self, size):
        """Yield lists of `size` of them."""
        every = list(self)
        for start in range(0, len(every), size):
            yield every[start : start + size]


class Tally:
    """What the handlers call: it notes every task, and says when the last one that is expected has come."""

    def __init__(self, expected):
        self.expected = expected
        self.numbers, self.delays = [], []
        self.end = self.first_cpu = None
        self.complete = threading.Event()
        self.finished = self.complete.set  # a peer may put another way to stop here

    def __call__(self, data):
        """Note a task by its argument."""
        if self.first_cpu is None:
            self.first_cpu = time.process_time()
        self.numbers.append(int(data[NUMBER]))  # appending is atomic: handlers may run in threads
        stamp = int(data[STAMP])
        if stamp:
            self.delays.append(time.monotonic_ns() - stamp)
        if len(self.numbers) >= self.expected:
            self.end = time.monotonic_ns()
            self.finished()

    def wrong(self):
        """Return what is wrong with the tasks that came: each number has to come exactly once."""
        if sorted(self.numbers) == list(range(self.expected)):
            return None
        return f"{len(self.numbers)} tasks came, {len(set(self.numbers))} different ones, of {self.expected}"

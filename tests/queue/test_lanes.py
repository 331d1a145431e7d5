"""Lanes: one consumer id in several processes, in the order of each key."""

from __future__ import annotations

import threading
import time

import pytest
from tests.queue.helpers import Setting
from tests.queue.test_leases import Serving, wait_for

from spyne.queue import QueueError
from spyne.queue.task import hash_of


@pytest.fixture
def setting(queue):
    """Return an application on each kind of database."""
    return Setting(queue)


def test_each_key_is_in_one_lane_and_in_order(setting):
    """Every task is run once, those of a key in one lane and in order; tasks without a key go round."""
    for value in range(30):
        setting.put(value, key=f"key {value % 5}")
    setting.put(*range(100, 108))
    setting.consumer(lanes=4).run_until_idle()
    seen = setting.notes.of("one")
    assert sorted(seen) == [*range(30), *range(100, 108)]
    for key in range(5):
        assert [value for value in seen if value < 30 and value % 5 == key] == list(range(key, 30, 5))
    lanes = {(transport.key, transport.lane) for transport in setting.notes.contexts if transport.key}
    assert lanes == {(f"key {key}", hash_of(f"key {key}") % 4) for key in range(5)}
    assert {transport.lane for transport in setting.notes.contexts if transport.key is None} == {0, 1, 2, 3}
    assert [setting.cursor(lane=lane).pos for lane in range(4)] == [38] * 4


def test_lanes_run_side_by_side(setting):
    """A task that waits in one lane does not keep another lane waiting, though both are of one process."""
    keys = [next(f"k{n}" for n in range(100) if hash_of(f"k{n}") % 2 == lane) for lane in range(2)]
    met = threading.Barrier(2, timeout=20)

    setting.app.event_manager.add_listener("method_call", lambda ctx: met.wait())
    with Serving(setting.consumer(lanes=2)):
        setting.put(1, key=keys[0])
        setting.put(2, key=keys[1])
        wait_for(lambda: len(setting.notes) == 2)


def test_processes_share_the_lanes(setting):
    """A second process gets half of the lanes of the first, and all of them when the first one leaves."""
    first, second = (setting.consumer(lanes=4, lease=2.0) for _ in range(2))

    def held_by(consumer):
        return sum(setting.cursor(lane=lane).owner == consumer.options.owner for lane in range(4))

    setting.queue.create()
    with Serving(first):
        wait_for(lambda: all(setting.cursor(lane=lane) is not None for lane in range(4)) and held_by(first) == 4)
        with Serving(second):
            wait_for(lambda: (held_by(first), held_by(second)) == (2, 2))
            setting.put(*range(20))
            wait_for(lambda: len(setting.notes) == 20)
            first.stop()
            wait_for(lambda: held_by(second) == 4)
            setting.put(*range(20, 40))
            wait_for(lambda: len(setting.notes) == 40)
    assert sorted(setting.notes.of("one")) == list(range(40))


def test_the_number_of_lanes_is_fixed(setting):
    """Another number than the one a consumer began with is refused, with the way on."""
    setting.consumer(lanes=2).run_until_idle()
    with pytest.raises(QueueError, match="'one' has 2 lanes, not 3: the number is fixed once it has begun"):
        setting.consumer(lanes=3).run_until_idle()


def test_one_lane_that_fails_stops_the_others(quick_queue):
    """An error that ends a consumer ends all of its lanes and comes out of serve_forever."""
    setting = Setting(quick_queue)
    setting.consumer(lanes=2).run_until_idle()
    serving = Serving(setting.consumer(lanes=3))
    with serving:
        until = time.monotonic() + 20
        while serving.error is None:
            assert time.monotonic() < until
            time.sleep(0.01)
    assert isinstance(serving.error, QueueError)

"""Types are analysed before threads decode with them."""

from __future__ import annotations

import subprocess
import sys

_MANY_THREADS_AT_ONCE = """
import sys, threading
import msgspec
from waflows.api.eightbyeight.message_bodies import MessageBody
from waflows.struct_caches import build_struct_caches

sys.setswitchinterval(1e-6)
assert build_struct_caches() > 10
barrier = threading.Barrier(8)

def decode():
    barrier.wait()
    for _ in range(3):
        try:
            msgspec.json.decode(b'{"type": "text", "content": {}}', type=MessageBody)
        except msgspec.ValidationError:
            pass

threads = [threading.Thread(target=decode) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_that_decode_a_type_for_the_first_time_together_do_not_crash() -> None:
    # Without the caches about every second process ends with SIGSEGV.
    for _ in range(8):
        ended = subprocess.run([sys.executable, "-c", _MANY_THREADS_AT_ONCE], check=False)
        assert ended.returncode == 0

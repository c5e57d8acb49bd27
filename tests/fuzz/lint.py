"""`make fuzz-lint`: mutated sources of every kind for a while; guided by coverage where atheris is there.

A text that breaks the linter is printed, with its kind.
"""

from __future__ import annotations

import argparse
import random
import sys
from importlib.util import find_spec
from time import monotonic

from .check import check
from .sources import KINDS, SEEDS, mutated


def attempt(kind: str, text: str) -> None:
    """Check one text; where that fails, show it."""
    try:
        check(text, kind)
    except BaseException:
        print(f"kind={kind!r}, text={text!r}", file=sys.stderr)
        raise


def at_random(seconds: float, seed: int) -> int:
    """Mutate the seeds until the time is up; how many texts that were."""
    draw, end, count = random.Random(seed), monotonic() + seconds, 0
    while monotonic() < end:
        kind = draw.choice(KINDS)
        attempt(kind, mutated(draw.choice(SEEDS[kind]), draw, draw.randrange(1, 30)))
        count += 1
    return count


def guided(seconds: int) -> None:
    """Let atheris choose what to try by the branches that it reaches."""
    import atheris

    def one(data: bytes) -> None:
        provider = atheris.FuzzedDataProvider(data)
        kind = KINDS[provider.ConsumeIntInRange(0, len(KINDS) - 1)]
        attempt(kind, provider.ConsumeUnicode(2000))

    atheris.instrument_all()
    atheris.Setup([sys.argv[0], f"-max_total_time={seconds}"], one)
    atheris.Fuzz()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    asked = parser.parse_args()
    if find_spec("atheris"):
        guided(asked.seconds)
    else:
        print(f"seed {asked.seed}; atheris is not installed, so the texts are mutated blindly")
        print(f"{at_random(asked.seconds, asked.seed)} texts")


if __name__ == "__main__":
    main()

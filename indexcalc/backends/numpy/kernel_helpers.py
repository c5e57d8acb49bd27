"""Functions that emitted text with kernels carries along."""

from __future__ import annotations

from ...lower.scratch import PIECE

ONE_BLAS_THREAD = '''
@contextlib.contextmanager
def one_blas_thread():
    """BLAS keeps to the thread that calls it; yields the number of threads that it would take, 1 where nobody can tell.

    That number is one for the whole process, so its users are counted for the whole process: the first one sets it, the
    last one puts it back.
    """
    state = sys.modules.setdefault("indexcalc_blas", types.ModuleType("indexcalc_blas"))
    with state.__dict__.setdefault("lock", threading.Lock()):
        if not hasattr(state, "libraries"):  # looking for them takes a millisecond
            every = threadpoolctl.ThreadpoolController().lib_controllers if threadpoolctl else []
            state.libraries = [lib for lib in every if lib.user_api == "blas"]
            state.users = 0
            # glibc gives freed memory back at once, to be mapped again page by page, until an array of up to 32 MiB was
            # freed; from then on it keeps twice that.  This one is never written to.
            np.empty((32 << 20) - (1 << 13), np.uint8)
        if not state.users:
            state.before = [lib.get_num_threads() for lib in state.libraries]
            for lib in state.libraries:
                lib.set_num_threads(1)
        state.users += 1
    try:
        yield max(state.before, default=1)
    finally:
        with state.lock:
            state.users -= 1
            if not state.users:
                for lib, count in zip(state.libraries, state.before):
                    lib.set_num_threads(count)
'''

IN_THREADS = '''
def in_threads(work, groups, effort, *sums):
    """work(tiles, *sums) for all tiles of all groups, in as many threads as BLAS would take, where the effort pays.

    Tiles of one group add to the same places of `sums`, so one thread does a group.  Where groups are few, each thread
    adds to sums of its own instead, always for the same tiles, so that rounding repeats.
    """
    if effort < 1 << 19 or sum(map(len, groups)) < 2 or threadpoolctl is None:
        return work(itertools.chain.from_iterable(groups), *sums)
    with one_blas_thread() as threads:
        if sums and -(-len(groups) // threads) * threads > 1.25 * len(groups):
            tiles = [tile for group in groups for tile in group]
            own = [sums, *([np.zeros_like(s) for s in sums] for _ in range(min(threads, len(tiles)) - 1))]
            jobs = [(tiles[k :: len(own)], *own[k]) for k in range(len(own))]
        else:
            own, lock, waiting = [], threading.Lock(), iter(groups)

            def handed_out():
                while True:
                    with lock:
                        group = next(waiting, None)
                    if group is None:
                        return
                    yield from group

            jobs = [(handed_out(), *sums) for _ in range(min(threads, len(groups)))]
        with concurrent.futures.ThreadPoolExecutor(max(1, len(jobs) - 1)) as pool:
            others = [pool.submit(work, *job) for job in jobs[1:]]
            work(*jobs[0])
            for other in others:
                other.result()
    for extra in own[1:]:
        for total, part in zip(sums, extra):
            total += part
'''

BLAS_READY = '''
def blas_ready(x, moving):
    """x, copied where no axis of its matrices, those in `moving`, is contiguous: BLAS then takes tiles as they are."""
    strides = [x.strides[k] for k in moving]
    if x.size == 0 or (x.itemsize in strides and min(strides) > 0):
        return x
    order = [*(k for k in range(x.ndim) if k not in moving), *moving]
    return np.ascontiguousarray(x.transpose(order)).transpose(np.argsort(order))
'''

ZEROS = '''
def zeros(y, shape, dtype):
    """The array y with zeros in it; where it is None, a new one."""
    if y is None:
        return np.zeros(shape, dtype)
    y[...] = 0
    return y
'''

ADD_PRODUCT = f'''
def add_product(y, left, right):
    """y += left @ right, by pieces of rows that stay in a cache until they are added."""
    rows = max(64, {PIECE} // max(1, y.shape[1]))
    piece = np.empty((min(rows, len(y)), y.shape[1]), y.dtype)
    for start in range(0, len(y), rows):
        here = y[start : start + rows]
        here += np.matmul(left[start : start + rows], right, out=piece[: len(here)])
'''

NEGATIVE = '''
def negative(found, start, *axes):
    """True where start + sum(weight * k) < 0, for (weight, count) of each axis; the last few are kept in `found`."""
    key = start, axes
    if key not in found:
        if len(found) >= 16:
            found.clear()
        form = start
        for n, (weight, count) in enumerate(axes, 1):
            form = form + (weight * np.arange(count)).reshape(count, *(1 for _ in axes[n:]))
        found[key] = form < 0
    return found[key]
'''

RAISED = '''
def raised(top, found):
    """The running maximum after `found` is seen; what is subtracted for it, 0 where it is infinite; how far that rose.

    Where nothing but -inf was seen before, whatever was summed is 0 and counts as not moved.
    """
    new = np.maximum(top, found)
    rise = top - new
    if np.isfinite(rise).all():  # and so are both
        return new, new, rise
    shown = np.where(np.isinf(new), np.zeros_like(new), new)
    before = np.where(np.isinf(top), np.zeros_like(top), top)
    return new, shown, np.where(top == -np.inf, np.zeros_like(new), before - shown)
'''

TILE_VIEW = '''
def tile_view(x, shape, forms):
    """The view v[k] = x[p], where each axis has p = sum(weight * k) + offset, its (weights, offset) in forms."""
    if 0 in shape:
        return np.zeros(shape, dtype=x.dtype)
    for size, (weights, offset) in zip(x.shape, forms):
        ends = [w * (n - 1) for w, n in zip(weights, shape)]
        if offset + sum(min(e, 0) for e in ends) < 0 or offset + sum(max(e, 0) for e in ends) >= size:
            raise IndexError("a position lies outside of its axis")
    start = x[tuple(slice(offset, None) for _, offset in forms)]
    strides = [sum(s * w[k] for s, (w, _) in zip(start.strides, forms)) for k in range(len(shape))]
    return np.lib.stride_tricks.as_strided(start, shape, strides)
'''

ADD_ALONG = '''
def add_along(out, forms, source):
    """out[p] += source[k] for all k, where each axis has p = sum(weight * k) + offset; equal positions add up.

    Where an axis moves as a + b or a - b, diagonals are summed first; other axes that share a form are counted through.
    """
    moved = [[k for k in range(source.ndim) if weights[k]] for weights, _ in forms]
    uses = [sum(k in each for each in moved) for k in range(source.ndim)]
    slow = list(dict.fromkeys(k for each in moved for k in sorted(each, key=lambda k: source.shape[k])[:-1]))
    shared = [n for n, each in enumerate(moved) if len(each) > 1]
    if len(slow) == 1 and len(shared) == 1 and source.size:
        weights, offset = forms[shared[0]]
        a, b = moved[shared[0]]
        if abs(weights[a]) == abs(weights[b]) == 1 and uses[a] == uses[b] == 1:
            if weights[a] < 0:  # forwards along a
                source, offset = np.flip(source, a), offset - (source.shape[a] - 1)
            if weights[b] < 0:
                source, offset = np.flip(source, b), offset - (source.shape[b] - 1)
            rest = [k for k in range(source.ndim) if k not in (a, b)]
            source = diagonal_sums(source.transpose(*rest, a, b))
            forms = [([w[k] for k in rest] + [0], o) for w, o in forms]
            forms[shared[0]] = [0] * len(rest) + [1], offset
            slow = []
    fast = [k for k in range(source.ndim) if k not in slow]
    for at in itertools.product(*(range(source.shape[k]) for k in slow)):
        place = dict(zip(slow, at))
        shifted = [([w[k] for k in fast], o + sum(w[k] * p for k, p in place.items())) for w, o in forms]
        piece = source[tuple(place.get(k, slice(None)) for k in range(source.ndim))]
        view = tile_view(out, piece.shape, shifted)
        view += piece
'''

DIAGONAL_SUMS = '''
def diagonal_sums(x):
    """y[..., s] = the sum of x[..., i, j] over i + j = s: rows are written one further each time, columns summed."""
    *lead, rows, columns = x.shape
    wide = np.zeros((*lead, rows, rows + columns), dtype=x.dtype)
    wide[..., :columns] = x
    flat = wide.reshape(*lead, -1)[..., : rows * (rows + columns - 1)]
    return flat.reshape(*lead, rows, rows + columns - 1).sum(axis=-2)
'''

ADD_ROWS = '''
def add_rows(out, position, rows):
    """out[position[k]] += rows[k]; equal positions add up, sorted so that they are neighbours."""
    if position.size:
        order = np.argsort(position, kind="stable")
        position = position[order]
        starts = np.flatnonzero(np.concatenate(([True], position[1:] != position[:-1])))
        out[position[starts]] += np.add.reduceat(rows[order], starts, axis=0)
'''

KERNEL_HELPERS = {
    "one_blas_thread": ONE_BLAS_THREAD,
    "in_threads": IN_THREADS,
    "blas_ready": BLAS_READY,
    "zeros": ZEROS,
    "add_product": ADD_PRODUCT,
    "negative": NEGATIVE,
    "raised": RAISED,
    "tile_view": TILE_VIEW,
    "diagonal_sums": DIAGONAL_SUMS,
    "add_along": ADD_ALONG,
    "add_rows": ADD_ROWS,
}
_OPTIONAL = """try:
    import threadpoolctl
except ImportError:  # then tiles run one after another, and BLAS in threads of its own
    threadpoolctl = None"""
KERNEL_NEEDS = {
    "one_blas_thread": ("import contextlib", "import sys", "import threading", "import types"),
    "in_threads": ("import concurrent.futures", "import itertools", "import threading", _OPTIONAL),
    "add_along": ("import itertools",),
}

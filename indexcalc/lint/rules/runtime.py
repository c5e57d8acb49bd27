"""Arrays and sizes given to a compiled or verified program.  Everything is refused before anything runs."""

from __future__ import annotations

from ..registry import LintRule, page

_SETUP = 'f = ic.compile("y[i] = A[i, j] x[j]")\n'
_GOOD = _SETUP + "f(A=np.ones((3, 4)), x=np.ones(4))"


def _page(code: str, name: str, summary: str, why: str, bad: str, good: str = _GOOD) -> LintRule:
    return page(code, name=name, summary=summary, why=why, bad=bad, good=good, source="runtime")


RULES = (
    _page(
        "IX941",
        "input-missing",
        "an input of the program is not given",
        "Every input is an argument, under its own name; none has a default.",
        _SETUP + "f(A=np.ones((3, 4)))",
    ),
    _page(
        "IX942",
        "no-such-input",
        "an array or a size is given for a name that the program does not have",
        "A surplus name is most often a misspelt one, and ignoring it would hide that.",
        _SETUP + "f(A=np.ones((3, 4)), x=np.ones(4), b=np.ones(3))",
    ),
    _page(
        "IX943",
        "wrong-rank",
        "an array has another number of dimensions than its tensor has slots",
        "Nothing is broadcast without a word: a missing batch dimension would otherwise change the result's meaning.",
        _SETUP + "f(A=np.ones((2, 3, 4)), x=np.ones(4))",
    ),
    _page(
        "IX944",
        "sizes-disagree",
        "two slots of one space have different sizes",
        "One index ranges over one set of values. A size of 1 does not stretch.",
        _SETUP + "f(A=np.ones((3, 4)), x=np.ones(5))",
    ),
    _page(
        "IX945",
        "size-undetermined",
        "no array and no given size determines an extent",
        "An index that stands in no input's slot alone needs a size by name.",
        'ic.compile("index i, j : n(N)\\ny[i, j] = delta[i, j]")()',
        'ic.verify("y[p] = w[k] x[p + k]", sizes={"p": 6, "k": 3})',
    ),
    _page(
        "IX946",
        "slot-out-of-range",
        "a number or an affine form in a slot leaves the slot's range",
        "Values are counted from 0, and nothing wraps round at the end.",
        'ic.compile("y = x[3]")(x=np.ones(3))',
        'ic.compile("y = x[2]")(x=np.ones(3))',
    ),
    _page(
        "IX947",
        "bad-size",
        "a size is no integer of at least 0, or its name is ambiguous",
        "Sizes are named by an extent, an index or a space.",
        'ic.verify("y[i] = 2 x[i]", sizes={"i": 2.5})',
        'ic.verify("y[i] = 2 x[i]", sizes={"i": 2})',
    ),
    _page(
        "IX948",
        "gather-out-of-range",
        "an integer tensor holds a value outside the space that it indexes",
        "NumPy counts negative positions from the end; here they are refused.",
        'ic.compile("y[b, d] = E[tok[b], d]")(E=np.ones((5, 2)), tok=np.array([7]))',
        'ic.compile("y[b, d] = E[tok[b], d]")(E=np.ones((5, 2)), tok=np.array([4]))',
    ),
    _page(
        "IX949",
        "wrong-dtype",
        "a number or an array's type of number does not fit",
        "A tensor that stands in a slot holds integers, any other one real or complex numbers.",
        'ic.compile("y[b, d] = E[tok[b], d]")(E=np.ones((5, 2)), tok=np.array([1.5]))',
        'ic.compile("y[b, d] = E[tok[b], d]")(E=np.ones((5, 2)), tok=np.array([1]))',
    ),
    _page(
        "IX950",
        "empty-reduction",
        "a mean, maximum or the like runs over an extent of 0",
        "A sum over nothing is 0 and a product 1, but the largest of no numbers does not exist.",
        'ic.compile("y = max[i](x[i])")(x=np.ones(0))',
        'ic.compile("y = max[i](x[i])")(x=np.ones(3))',
    ),
    _page(
        "IX951",
        "topk-too-large",
        "topk asks for more values than there are",
        "The mask of the k largest has k ones.",
        'ic.compile("y[e] = topk[e, 4](x[e])")(x=np.ones(3))',
        'ic.compile("y[e] = topk[e, 2](x[e])")(x=np.ones(3))',
    ),
    _page(
        "IX952",
        "singular-matrix",
        "inv of a matrix that has no inverse",
        "An infinite or arbitrary answer would spread through all that follows.",
        'ic.compile("y[i, j] = inv(A)[i, j]")(A=np.zeros((2, 2)))',
        'ic.compile("y[i, j] = inv(A)[i, j]")(A=np.eye(2))',
    ),
    _page(
        "IX953",
        "foreign-array",
        "an input is no array of the backend's library",
        "Converting it without a word would move memory between devices, or copy it at every call.",
        _SETUP + "f(A=torch.ones(3, 4), x=np.ones(4))",
    ),
    _page(
        "IX954",
        "devices-differ",
        "input arrays lie on different devices",
        "One program runs on one device.",
        "f(A=torch.ones(3, 4, device='cuda'), x=torch.ones(4))",
        "f(A=torch.ones(3, 4, device='cuda'), x=torch.ones(4, device='cuda'))",
    ),
    _page(
        "IX955",
        "unreadable-array",
        "a file given as an input array is missing, is no .npy or .npz file, or lacks the array",
        "Arrays are read without pickle, so that a file from elsewhere cannot run code.",
        "indexcalc run 'y[i] = 2 x[i]' --input x=notes.txt",
        "indexcalc run 'y[i] = 2 x[i]' --input x=x.npy",
    ),
    _page(
        "IX956",
        "not-as-declared",
        "an array to verify at is not what its tensor is declared to be",
        "A gradient by a symmetric tensor is right at symmetric arrays only. Compiled functions do not look, for that "
        "would cost as much as they do; a verification does.",
        "indexcalc verify 'tensor A[i, j] symmetric; L = x[i] A[i, j] x[j]' --input A=upper.npy",
        "indexcalc verify 'tensor A[i, j] symmetric; L = x[i] A[i, j] x[j]' --input A=symmetric.npy",
    ),
    _page(
        "IX957",
        "unsafe-cache",
        "the folder for compiled programs cannot be made, or others may write into it",
        "What lies there is run by the cpp backend. Set INDEXCALC_CACHE to a folder of your own, or chmod 700 it.",
        "INDEXCALC_CACHE=/tmp python train.py",
        "INDEXCALC_CACHE=~/compiled python train.py",
    ),
    _page(
        "IX958",
        "refused-by-compiler",
        "the C++ compiler refuses an emitted text, or takes longer than ten minutes",
        "The text is ours, so this is a bug, or the compiler in CXX is none for C++17.",
        "CXX=gcc-4.8 python train.py",
        "CXX=g++ python train.py",
    ),
    _page(
        "IX959",
        "out-of-memory",
        "there is not enough memory for the temporaries of a compiled program",
        "It is estimated before anything runs, as `ic.cost` counts it, and compared with the memory that is free; "
        "INDEXCALC_MEMORY=64GiB in the environment sets another limit. An allocation that fails stops it, too.",
        'ic.compile("C[i, k] = A[i, j] B[k, j]")(A=np.ones((10**7, 2)), B=np.ones((10**7, 2)))',
        'ic.compile("C[i, k] = A[i, j] B[k, j]")(A=np.ones((10**3, 2)), B=np.ones((10**3, 2)))',
    ),
    _page(
        "IX960",
        "contraction-too-large",
        "a contraction needs an intermediate of more than 2^48 elements in whatever order",
        "No memory holds it. Extents that are declared, or of given arrays, are counted; those that may still be "
        "anything are not.",
        "index a, b, c, d, e, f : n(8192)\ny = T[a, b, c] U[a, d, e] V[b, d, f] W[c, e, f]",
        "index a, b, c, d, e, f : n(128)\ny = T[a, b, c] U[a, d, e] V[b, d, f] W[c, e, f]",
    ),
    _page(
        "IX961",
        "no-place-for-result",
        "an array given by `out=` cannot take its result",
        "It has another shape or type, is read-only, or shares memory with an input that is still read. Nothing runs.",
        'f = ic.compile("y[i] = 2 x[i]")\nf(x=np.ones(3), out={"y": np.empty(4)})',
        'f = ic.compile("y[i] = 2 x[i]")\nf(x=np.ones(3), out={"y": np.empty(3)})',
    ),
    _page(
        "IX962",
        "no-such-gradient",
        "a function of `ic.as_torch_function` is asked for a gradient that it cannot give",
        "A second derivative needs inputs that the backward part did not read and so did not keep: `twice=True` keeps "
        "all. torch.vmap and torch.func do not go through: a batch is one more index of the program.",
        'f = ic.as_torch_function("y[i] = exp(x[i])")\ntorch.func.vmap(f)(torch.ones(3, 4))',
        'f = ic.as_torch_function("y[b, i] = exp(x[b, i])")\nf(torch.ones(3, 4))',
    ),
    _page(
        "IX970",
        "refused-kernel-text",
        "a CUDA text cannot be run on the CPU: it has no kernel, or the C++ compiler refuses it",
        'Kernels are functions `extern "C" __global__ void`, and shared variables are declared inside of functions. '
        "Messages of the compiler name lines of the text.",
        "Kernels('__global__ void f(float* x) { x[threadIdx.x] = 1; }')",
        "Kernels('extern \"C\" __global__ void f(float* x) { x[threadIdx.x] = 1; }')",
    ),
    _page(
        "IX971",
        "wrong-launch",
        "a kernel cannot be launched so: its arguments, extents or schedule are not what it takes",
        "Arguments are counted and held against the types of the parameters; grids, blocks and shared memory have the "
        "limits of a GPU.",
        "kernels.launch('scale', 4, 2048, [x, np.float64(2)])",
        "kernels.launch('scale', 8, 1024, [x, np.float32(2)])",
    ),
    _page(
        "IX972",
        "kernel-does-not-end",
        "threads of a kernel wait for each other for ever, or the time for it is over",
        "The message says which threads wait, where, and for what. Blocks that wait for each other do not end here, "
        "since they run one after the other.",
        "if (threadIdx.x < 32) __barrier_sync_count(1, 64);",
        "if (threadIdx.x < 64) __barrier_sync_count(1, 64);",
    ),
    _page(
        "IX973",
        "threads-diverge",
        "threads that have to come together are at different places",
        "Lanes of a warp are in different operations, a lane is not in its own mask, threads of a block are at "
        "different barriers, or those that have exited leave one short. A GPU may hang, or compute something else.",
        "if (threadIdx.x < 16) __syncthreads();",
        "__syncthreads();",
    ),
    _page(
        "IX974",
        "kernel-stopped",
        "a kernel wrote behind its shared memory, failed an assertion of its own, or used an operation wrongly",
        "Behind each shared variable, and behind dynamic shared memory, lie bytes that are looked at wherever a block "
        "meets at a barrier and at its end.",
        "__shared__ float a[32]; a[threadIdx.x + 1] = 0;  // in a block of 32 threads",
        "__shared__ float a[33]; a[threadIdx.x + 1] = 0;",
    ),
    _page(
        "IX975",
        "no-cuda-compiler",
        "NVRTC, NVIDIA's compiler for CUDA C++, is not installed or cannot be loaded",
        "It comes as a wheel for Linux and needs neither a GPU nor a driver.",
        "pip install indexcalc",
        "pip install 'indexcalc[cuda]'",
    ),
    _page(
        "IX976",
        "refused-by-nvrtc",
        "NVRTC refuses a CUDA text",
        "Each place that it names is shown. A text that indexcalc emitted is ours, so that this is a bug.",
        'compile_cuda("__device__ int one() { return 1 }", "sm_80")',
        'compile_cuda("__device__ int one() { return 1; }", "sm_80")',
    ),
    _page(
        "IX977",
        "no-such-architecture",
        "NVRTC does not know an architecture, or an option that it is given",
        "Each release compiles for the GPUs of its time: the oldest ones go, new ones come.",
        'compile_cuda(text, "sm_35")',
        'compile_cuda(text, "sm_80")',
    ),
    _page(
        "IX978",
        "nvrtc-fails",
        "NVRTC fails for another reason than the text",
        "It ran out of memory, or its files do not belong together: then install the wheel anew.",
        "ulimit -v 600000; python train.py",
        "python train.py",
    ),
)

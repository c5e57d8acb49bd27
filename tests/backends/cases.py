"""Programs that between them use every operation, with the arrays to run them on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from indexcalc.elaborate.read import read_program
from indexcalc.ir.program import Program
from indexcalc.ir.signature import SizeTable

DECLARED = """
index i, j, k, l : n(N)
index a, c : m(M)
index b : batch(Nb)
index p : out
index q : taps
index v, w : vocab(V)
integer tok[b, a] : vocab
integer lab[b] : vocab
integer hop[v] : vocab
"""
SIZES = {"space_e": 3, "n": 4, "m": 3, "batch": 5, "out": 6, "taps": 2, "vocab": 7}


@dataclass(frozen=True)
class Case:
    """`text` after the common declarations.  `tensors` are declared with it."""

    name: str
    text: str
    tensors: str = ""
    sizes: Mapping[str, int] = field(default_factory=dict)
    positive: bool = False
    analytic: bool = True

    @property
    def program(self) -> Program:
        declared = f"tensor {self.tensors}\n" if self.tensors else ""
        used = "\n".join(x for x in DECLARED.splitlines() if not x.startswith("integer") or _integer(x) in self.text)
        return read_program(f"{used}\n{declared}{self.text}\n")


def _integer(line: str) -> str:
    return line.split()[1].split("[")[0]


def arrays(program: Program, sizes: Mapping[str, int], seed: int = 0, positive: bool = False) -> dict[str, Any]:
    """Random inputs: normal floats in float64, integers within the space that they index."""
    rng = np.random.default_rng(seed)
    table = {**SIZES, **sizes}

    def size(space: Any) -> int:
        return space.extent if isinstance(space.extent, int) else table[space.name]

    found = {}
    for name, tensor in program.inputs.items():
        shape = tuple(size(s) for s in tensor.spaces)
        if tensor.values is not None:
            found[name] = rng.integers(0, max(1, size(tensor.values)), shape)
        else:
            x = rng.standard_normal(shape)
            found[name] = np.asarray(np.abs(x) + 0.5 if positive else x)
    return found


def given_sizes(program: Program, sizes: Mapping[str, int]) -> dict[str, int]:
    """Sizes by space name, for the spaces of the program that have no integer extent."""
    table = {**SIZES, **sizes}
    spaces = SizeTable(program).spaces
    return {s.name: table[s.name] for s in spaces if s.name in table and not isinstance(s.extent, int)}


MM = "A[i, j], B[j, k], C[k, l]"
CASES = [
    Case("matmul", "Y[i,k] = A[i,j] B[j,k]", MM),
    Case("chain", "Y[i,l] = A[i,j] B[j,k] C[k,l]", MM),
    Case("chain_vector", "y[i] = A[i,j] B[j,k] C[k,l] x[l]", MM + ", x[l]"),
    Case("transposed", "Y[k,i] = 2 A[j,i] B[k,j] / N", MM),
    Case("batched", "Y[b,i,k] = A[b,i,j] B[b,j,k]", "A[b,i,j], B[b,j,k]"),
    Case("batch_last", "Y[i,b,k] = A[i,j,b] B[j,k,b]", "A[i,j,b], B[j,k,b]"),
    Case("batch_vector", "y[b,i] = A[b,i,j] x[b,j]", "A[b,i,j], x[b,j]"),
    Case("vector_batch", "y[b,i] = x[b,j] A[b,j,i]", "A[b,j,i], x[b,j]"),
    Case("shared_matrix", "Y[b,a,k] = X[b,a,i] W[i,k]", "X[b,a,i], W[i,k]"),
    Case("grouped", "Y[i,k] = X[b,a,i] G[b,a,k]", "X[b,a,i], G[b,a,k]"),
    Case("grouped_apart", "Y[i,k] = X[b,i,a] G[k,b,a]", "X[b,i,a], G[k,b,a]"),
    Case("grouped_columns", "Y[i,b,a] = X[b,j,a] G[j,i]", "X[b,j,a], G[j,i]"),
    Case("trace", "y = A[i,i]", "A[i,j]"),
    Case("trace_product", "y = A[i,j] B[j,i]", "A[i,j], B[j,i]"),
    Case("diagonal", "y[i] = A[i,i] x[i]", "A[i,j], x[i]"),
    Case("diagonal3", "y[i,a] = A[i,a,i]", "A[i,a,j]"),
    Case("hadamard", "y[i] = sum[j](A[i,j] B[i,j] x[j])", "A[i,j], B[i,j], x[j]"),
    Case("hyperedge", "Y[i,k] = sum[j](A[i,j] B[j,k] x[j])", "A[i,j], B[j,k], x[j]"),
    Case("outer", "Y[i,a] = x[i] z[a]", "x[i], z[a]"),
    Case("outer3", "Y[a,i,b] = x[i] z[a] u[b] X[i,b]", "x[i], z[a], u[b], X[i,b]"),
    Case("alone", "y[i] = sum[a](X[i,a]) + sum[a,b](Z[a,i,b])", "X[i,a], Z[a,i,b]"),
    Case("lacking", "y[i] = sum[a](x[i]) + sum[b](1)", "x[i], z[a,b]"),
    Case("inner_batch", "y[b] = sum[i,a](X[b,i,a] Z[b,a,i])", "X[b,i,a], Z[b,a,i]"),
    Case("squares", "y[b] = sum[i]((X[b,i] - x[i])**2)", "X[b,i], x[i]"),
    Case("distribute", "Y[i,a] = sum[b](G[i,b] (X[i,a] - Z[b,a]))", "G[i,b], X[i,a], Z[b,a]"),
    Case("split", "Y[i,k] = sum[j](A[i,j] B[j,k] + C[i,j] D[j,k])", "A[i,j], B[j,k], C[i,j], D[j,k]"),
    Case("bias", "Y[b,i] = W[i,j] X[b,j] + x[i] + s - 3", "W[i,j], X[b,j], x[i], s"),
    Case("mixed_sum", "Y[i,a] = x[i] - z[a] - 2 X[i,a] + s", "x[i], z[a], X[i,a], s"),
    Case("negative_sum", "y[i] = -x[i] - z[i]", "x[i], z[i]"),
    Case("quotient", "Y[i,a] = X[i,a] / (x[i] Z[i,a]) / 3", "X[i,a], x[i], Z[i,a]", positive=True),
    Case("quotient_sum", "y[i] = sum[a](X[i,a] / z[a]) / x[i]", "X[i,a], z[a], x[i]", positive=True),
    Case("nested_sum", "y = sum[i](x[i] sum[j](A[i,j] sum[i](A[j,i] x[i])))", "A[i,j], x[i]"),
    Case("powers", "y[i] = x[i]**3 + x[i]**(-2) + sqrt(x[i]) + x[i]**(-3/2) + x[i]**(1/3) + 2**x[i] + x[i]**20",
         "x[i]", positive=True),
    Case("power_tensors", "Y[i,a] = x[i]**z[a]", "x[i], z[a]", positive=True),
    Case("functions", "y[i] = exp(x[i]) + log(x[i]**2 + 1) + sin(x[i]) cos(x[i]) + tan(x[i]) + tanh(x[i])"
         " + sinh(x[i]) + cosh(x[i]) + sigmoid(x[i]) + gelu(x[i]) + silu(x[i]) + softplus(x[i]) + erf(x[i])", "x[i]"),
    Case("kinks", "y[i] = relu(x[i]) + abs(x[i]) + sign(x[i]) + max(x[i], z[i], 0) + min(x[i], 1/2)", "x[i], z[i]"),
    Case("large", "y[i] = sigmoid(1000 x[i]) + softplus(1000 x[i]) + silu(-1000 x[i]) + tanh(900 x[i])", "x[i]",
         analytic=False),
    Case("running", "Y[i,a] = sum[j]((j <= i) X[j,a] x[j]) + 2 sum[j]((i < j) X[j,a])", "X[i,a], x[i]"),
    Case("running_back", "Y[a,i] = sum[j,c]((j >= i) X[j,a] Z[j,c]) - sum[j]((i > j) X[j,a] / x[j])",
         "X[i,a], Z[i,c], x[i]", positive=True),
    Case("masked_pairs", "y[i] = sum[j]((j <= i) A[i,j] x[j]) + sum[j](j <= i)", "A[i,j], x[j]"),
    Case("gather", "Y[b,a,i] = E[tok[b,a], i]", "E[v,i]"),
    Case("gather_shared", "y[b] = P[b, lab[b]]", "P[b,v]"),
    Case("gather_middle", "Y[b,i,a] = T[i, lab[b], a]", "T[i,v,a]"),
    Case("gather_twice", "Y[b,a] = T[tok[b,a], lab[b]]", "T[v,w]"),
    Case("gather_nested", "Y[b,i] = E[hop[lab[b]], i]", "E[v,i]"),
    Case("scatter", "G[v,i] = sum[b,a](X[b,a,i] delta[v, tok[b,a]])", "X[b,a,i]"),
    Case("scatter_batch", "G[b,v] = sum[a](X[b,a] delta[v, tok[b,a]])", "X[b,a]"),
    Case("scatter_count", "G[v] = sum[b](delta[v, lab[b]])", ""),
    Case("scatter_two", "G[v,w] = sum[b,a](X[b,a] delta[v, tok[b,a]] delta[w, lab[b]])", "X[b,a]"),
    Case("scatter_contract", "G[v,i] = sum[b,a,c](X[b,a,c] W[c,i] delta[v, tok[b,a]]) / Nb", "X[b,a,c], W[c,i]"),
    Case("scatter_outer", "G[v,i] = sum[b](X[b,i] Z[v,i] delta[v, lab[b]])", "X[b,i], Z[v,i]"),
    Case("scatter_inner", "G[v] = sum[b](X[b,v] x[b] delta[v, lab[b]])", "X[b,v], x[b]"),
    Case("one_hot", "G[b,v] = (P[b,v] - delta[v, lab[b]]) / Nb", "P[b,v]"),
    Case("one_hot_scaled", "G[b,v] = P[b,v] x[b] - 2 x[b] delta[v, lab[b]]", "P[b,v], x[b]"),
    Case("one_hot_alone", "G[b,v] = delta[v, lab[b]]", ""),
    Case("eye", "Y[i,j] = delta[i,j] + 2 A[j,i]", "A[i,j]"),
    Case("eye_alone", "Y[i,j] = delta[i,j]", "A[i,j]"),
    Case("diag_matrix", "Y[i,j] = delta[i,j] x[i]", "x[i]"),
    Case("delta_bound", "y[i] = sum[j,k](A[i,j] delta[j,k] x[k])", "A[i,j], x[k]"),
    Case("delta_gather", "Y[b,i] = sum[v](E[v,i] delta[v, lab[b]])", "E[v,i]"),
    Case("delta_number", "y[i] = sum[j](A[i,j] delta[j,2]) + delta[i,1] + delta[i,99]", "A[i,j]"),
    Case("window", "Y[b,c,p] = x[b,p+q] w0[c,q]", "x[b,i], w0[c,q]", {"n": 7}),
    Case("conv", "Y[b,c,p] = w0[c,a,q] x[b,a,p+q]", "w0[c,a,q], x[b,a,i]", {"n": 7}),
    Case("stride", "Y[p] = x[2*p+1] + x[2*p+q+0] w0[q]", "x[i], w0[q]", {"n": 13}),
    Case("reversed", "Y[p] = x[8 - p] + x[p - q + 1] w0[q]", "x[i], w0[q]", {"n": 9}),
    Case("affine_gather", "Y[b] = x[2*lab[b] + 1]", "x[i]", {"n": 14}),
    Case("conv_grad_x", "G[b,a,i] = sum[c,p,q](Y[b,c,p] w0[c,a,q] delta[i, p+q])", "Y[b,c,p], w0[c,a,q], X[i]",
         {"n": 7}),
    Case("conv_grad_w", "G[c,a,q] = sum[b,p](Y[b,c,p] x[b,a,p+q])", "Y[b,c,p], x[b,a,i]", {"n": 7}),
    Case("conv2d_grad", "G[i,j] = sum[p,l,q,a](Y[p,l] w0[q,a] delta[i, 2*p+q] delta[j, l+a])", "Y[p,l], w0[q,a], X[i]",
         {"n": 9}),
    Case("delta_dropped", "G[i] = sum[p](Y[p] delta[i, 3*p+1])", "Y[p], X[i]", {"n": 9}),
    Case("delta_data", "G[i] = sum[b](Y[b] delta[i, lab[b] + 1])", "Y[b], X[i]"),
    Case("slots", "y[i] = A[i,2] + x[0] A[1,i]", "A[i,j], x[i]"),
    Case("mask", "Y[i,j] = where(j <= i, A[i,j], -inf)", "A[i,j]"),
    Case("mask_zero", "Y[i,j] = where(j <= i and not (i == j) or j == 0, exp(A[i,j]), 0) + i", "A[i,j]"),
    Case("where_safe", "y[i] = where(x[i] > 0, log(x[i]), 1 / 2) + where(i < 0, 1 / i, x[i])", "x[i]"),
    Case("where_small", "Y[i,a] = where(X[i,a] < x[i], x[i], X[i,a] z[a])", "X[i,a], x[i], z[a]"),
    Case("where_numbers", "y[i] = where(x[i] > 0, 1, -1) x[i]", "x[i]"),
    Case("indicator", "y[i] = (x[i] > 0) x[i] + (x[i] > 0) (z[i] < 0) + (i >= 2)", "x[i], z[i]"),
    Case("indicator_sum", "y[i] = sum[j]((j <= i) x[j])", "x[i]"),
    Case("positions", "Y[i,a] = x[i] + i - 2 a + abs(i - a) / M + N", "x[i]"),
    Case("causal_attention", "S[b,i,j] = Q[b,i,a] K[b,j,a] / sqrt(M)"
         "\nP[b,i,j] = softmax[j](where(j<=i, S[b,i,j], -inf))"
         "\nO[b,i,c] = P[b,i,j] Z[b,j,c]", "Q[b,i,a], K[b,j,a], Z[b,j,c]"),
    Case("softmax", "Y[i,a] = softmax[i](100 X[i,a])", "X[i,a]"),
    Case("softmax_two", "Y[b,i,a] = softmax[a,b](X[b,i,a])", "X[b,i,a]"),
    Case("softmax_lacking", "Y[i,a] = softmax[a](x[i])", "x[i], z[a]"),
    Case("logsumexp", "y[b] = logsumexp[i](1000 X[b,i]) + logsumexp[i,a](Z[b,i,a])", "X[b,i], Z[b,i,a]"),
    Case("cross_entropy", "y = mean[b](logsumexp[v](Z[b,v]) - Z[b,lab[b]])", "Z[b,v]"),
    Case("statistics", "y[b] = mean[i](X[b,i]) + var[i](X[b,i]) + norm[i](X[b,i]) + prod[i](X[b,i])", "X[b,i]"),
    Case("statistics_two", "y[b] = mean[i,a](X[b,i,a]) + var[a,i](X[b,i,a]) "
         " + norm[i,a](X[b,i,a]) + prod[a,i](X[b,i,a])", "X[b,i,a]"),
    Case("extremes", "y[b] = max[i](X[b,i]) min[i](X[b,i]) + max[i,a](Z[b,i,a])", "X[b,i], Z[b,i,a]"),
    Case("argmax", "y[b] = argmax[i](X[b,i]) + argmax[a](max[i](Z[b,i,a]))", "X[b,i], Z[b,i,a]"),
    Case("max_mask", "Y[b,i] = X[b,i] == max[i](X[b,i])", "X[b,i]"),
    Case("cumsum", "Y[b,i] = cumsum[i](X[b,i])", "X[b,i]"),
    Case("cumsum_two", "Y[i,b,a] = cumsum[a,i](X[b,i,a])", "X[b,i,a]"),
    Case("topk", "Y[b,i] = topk[i,2](X[b,i]) X[b,i]", "X[b,i]"),
    Case("topk_ties", "Y[b,i] = topk[i,2](sign(X[b,i]))", "X[b,i]"),
    Case("layer_norm", "mu[b] = mean[i](X[b,i])\nh[b,i] = (X[b,i] - mu[b]) / sqrt(var[i](X[b,i]) + 1e-5)\n"
         "Y[b,i] = x[i] h[b,i] + z[i]", "X[b,i], x[i], z[i]"),
    Case("inverse", "Y[i,k] = inv(A)[i,j] B[j,k] + inv(A)[k,i]", "A[i,j], B[j,k]"),
    Case("inverse_defined", "H[i,j] = A[k,i] A[k,j] + delta[i,j]\nY[i,j] = inv(H)[j,i]"
         "\ny = det(A)\nz = logdet(H)", "A[i,j]"),
    Case("declared", "function swish(x, s) = x / (1 + exp(-s x))\nY[i,a] = swish(X[i,a], x[i]) + swish(x[i], 2)",
         "X[i,a], x[i]"),
    Case("epsilon", "z0[e] = eps[e, f, g] x0[f] y0[g]\nd3 = eps[e,f,g] x0[e] y0[f] u0[g]", "x0[e], y0[f], u0[g]"),
    Case("generalized_delta", "Y[i,j] = delta[^i ^j, _k _l] A[k,l]", "A[k,l]"),
    Case("symmetrised", "Y[i,j] = A[(i,j)] + B[[i,j]]", "A[i,j], B[i,j]"),
    Case("broadcast", "Y[i,a] = x[i] ones[a]\nZ[a,i] = 2 ones[a] ones[i]", "x[i]"),
    Case("passed_through", "y[i] = x[i]\nz[i] = x[i]\nY[i,j] = A[j,i]\nW[i] = A[2,i]", "x[i], A[i,j]"),
    Case("scalars", "y = s * 2 + pi / sqrt(N) - exp(1) + N**2 - 2**(1/2)", "s, x[i]"),
    Case("scalars_apart", "e1 = x[i] x[i] / N\ne2 = e1 + exp(-e1)\ne3 = x[j] x[j] e2\ne4 = e3 - exp(-e3) e1", "x[i]"),
    Case("no_inputs", "Y[i,j] = i + 2 j", ""),
    Case("many_terms", "y[i] = " + " + ".join(f"{n} x[i]**{n}" for n in range(1, 40)), "x[i]"),
    Case("scatter_lacking", "G[v] = sum[b,i](u[b] delta[v, lab[b]])", "u[b], x[i]"),
    Case("sum_product", "y[i] = sum[j](A[i,j]) sum[j](D[i,j]) sum[j](x[j]**2)", "A[i,j], D[i,j], x[j]"),
    Case("view_of_reused", "u[i] = exp(x[i])\nw0[p,q] = u[p+q]\nz[i] = 2 u[i]\nY[p,q] = w0[p,q] + 1", "x[i]", {"n": 7}),
    Case("number_first", "y[i] = 1 - exp(x[i])\nz[i] = 2 - 3 x[i]\nu[i] = 1 / exp(x[i]) - 1", "x[i]"),
    Case("offset", "Y[p] = x[p+1] A[p+2,3]", "x[i], A[i,j]", {"n": 8}),
    Case("stride_grad", "G[i] = sum[p](Y[p] delta[i, 2*p - 3]) + sum[p,q](Z[p,q] delta[i, 3*p + 2*q - 5])",
         "Y[p], Z[p,q], X[i]", {"n": 9}),
    Case("softmax_either_way", "Y[i,j] = softmax[i](A[i,j])\nZ[i,j] = softmax[i](A[j,i])\nW[j,i] = softmax[i](A[j,i])",
         "A[i,j]"),
    Case("collect", "Y[b,i] = A[b,j] W[j,i] - 2 sum[k](x[k] Z[b,k] W[k,i]) + D[b,l] W[i,l] + D[b,i]",
         "A[b,j], W[j,i], x[k], Z[b,k], D[b,i]"),
    Case("reused", "u[i] = exp(x[i])\nw0[i] = u[i] + 1\nz[i] = u[i] w0[i]\nY[i,j] = w0[i] + w0[j] + A[i,j] A[j,i]",
         "x[i], A[i,j]"),
]  # fmt: skip
BY_NAME = {c.name: c for c in CASES}

"""Gradients in the form in which papers print them: what `ic.grad` has to say, and the paper's formula in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """`statements`: what the derived program adds to the forward's.  Generated names and dummies are up to renaming.
    `inputs` as in `torch_cases`.  `paper` takes inputs and cotangents by name and returns each gradient."""

    name: str
    text: str
    wrt: str
    statements: str
    inputs: str
    paper: Callable[..., Arrays]


def softmax(z: Any, axis: int = -1) -> Any:
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def sigmoid(z: Any) -> Any:
    return 1 / (1 + np.exp(-z))


def one_hot(t: Any, n: int) -> Any:
    return np.eye(n)[t]


def attention_paper(Q: Any, K: Any, V: Any, grad_O: Any) -> Arrays:
    """Dao 2023, FlashAttention-2, section 2.3.2, masked."""
    root = np.sqrt(Q.shape[1])
    P = softmax(np.where(np.tri(len(Q)) > 0, Q @ K.T / root, -np.inf))
    dP, D = grad_O @ V.T, ((P @ V) * grad_O).sum(1, keepdims=True)
    dS = P * (dP - D)
    return {"Q": dS @ K / root, "K": dS.T @ Q / root, "V": P.T @ grad_O}


def layer_norm_paper(x: Any, gain: Any, grad_y: Any) -> Arrays:
    """The three terms, over one scale: (d − mean d − x̂ mean(d x̂)) / σ."""
    sigma = np.sqrt(x.var(1, keepdims=True) + 1e-5)
    n = (x - x.mean(1, keepdims=True)) / sigma
    d = gain * grad_y
    return {
        "x": (d - d.mean(1, keepdims=True) - n * (d * n).mean(1, keepdims=True)) / sigma,
        "gain": (grad_y * n).sum(0),
    }


def rms_norm_paper(x: Any, grad_n: Any) -> Arrays:
    r = np.sqrt((x**2).mean(1, keepdims=True) + 1e-6)
    n = x / r
    return {"x": (grad_n - n * (grad_n * n).mean(1, keepdims=True)) / r}


def swiglu_paper(x: Any, W: Any, V: Any, Z: Any, grad_y: Any) -> Arrays:
    u, v = x @ W, x @ V
    s, dg = sigmoid(u), grad_y @ Z.T
    dv, du = dg * u * s, dg * v * (s + u * s * (1 - s))
    return {"x": du @ W.T + dv @ V.T, "W": x.T @ du, "V": x.T @ dv, "Z": (u * s * v).T @ grad_y}


def swish_paper(W: Any, x: Any, grad_y: Any) -> Arrays:
    u = W @ x
    du = grad_y * (sigmoid(u) + u * sigmoid(u) * (1 - sigmoid(u)))
    return {"W": np.outer(du, x), "x": W.T @ du}


def info_nce_paper(x: Any, y: Any, tau: Any) -> Arrays:
    d = (softmax(x @ y.T / tau) - np.eye(len(x))) / len(x) / tau
    return {"x": d @ y, "y": d.T @ x}


KNOWN = [
    Known(
        "cross-entropy: p - y",
        "index n : data(N)\nindex c : classes\ninteger y[n] : classes\nL = mean[n](logsumexp[c](z[n,c]) - z[n,y[n]])",
        "z",
        "grad_z[n, c] = (softmax[c](z[n, c]) - delta[c, y[n]]) / N",
        "z:4,3 y%3:4",
        lambda z, y: {"z": (softmax(z) - one_hot(y, 3)) / 4},
    ),
    Known(
        "cross-entropy through a named softmax: p - y",
        "index n : data(N)\nindex c : classes\ninteger y[n] : classes\n"
        "p[n,c] = softmax[c](z[n,c])\nL = -mean[n](log(p[n,y[n]]))",
        "z",
        "grad_z[n, c] = (p[n, c] - delta[c, y[n]]) / N",
        "z:4,3 y%3:4",
        lambda z, y: {"z": (softmax(z) - one_hot(y, 3)) / 4},
    ),
    Known(
        "cross-entropy with dense targets: p Σy - y",
        "L = -sum[c](y[c] log(softmax[c](z[c])))",
        "z",
        "s = sum[c](y[c])\ngrad_z[c] = s softmax[c](z[c]) - y[c]",
        "z:4 y+:4",
        lambda z, y: {"z": softmax(z) * y.sum() - y},
    ),
    Known(
        "binary cross-entropy: σ(z) - y",
        "L = sum[n](softplus(z[n]) - y[n] z[n])",
        "z",
        "grad_z[n] = sigmoid(z[n]) - y[n]",
        "z:4 y:4",
        lambda z, y: {"z": sigmoid(z) - y},
    ),
    Known(
        "logistic regression: Xᵀ(p - y)",
        "L = sum[n](softplus(X[n,i] w[i]) - y[n] (X[n,i] w[i]))",
        "w",
        "t0[n] = X[n, i] w[i]\ngrad_w[i] = (sigmoid(t0[n]) - y[n]) X[n, i]",
        "X:5,3 w:3 y:5",
        lambda X, w, y: {"w": X.T @ (sigmoid(X @ w) - y)},
    ),
    Known(
        "logistic regression through a named sigmoid: p - y",
        "z[n] = X[n,i] w[i]\np[n] = sigmoid(z[n])\nL = -sum[n](y[n] log(p[n]) + (1 - y[n]) log(1 - p[n]))",
        "w",
        "grad_z[n] = p[n] - y[n]\ngrad_w[i] = X[n, i] grad_z[n]",
        "X:5,3 w:3 y:5",
        lambda X, w, y: {"w": X.T @ (sigmoid(X @ w) - y)},
    ),
    Known(
        "sigmoid: dy y (1 - y)",
        "y[i] = sigmoid(x[i])",
        "x",
        "grad_x[i] = grad_y[i] y[i] (1 - y[i])",
        "x:4",
        lambda x, grad_y: {"x": grad_y * sigmoid(x) * (1 - sigmoid(x))},
    ),
    Known(
        "softmax: p (dp - p·dp)",
        "p[v] = softmax[v](z[v])",
        "z",
        "s = grad_p[v] p[v]\ngrad_z[v] = p[v] (grad_p[v] - s)",
        "z:4",
        lambda z, grad_p: {"z": (np.diag(softmax(z)) - np.outer(softmax(z), softmax(z))) @ grad_p},
    ),
    Known(
        "log softmax: dl - p Σdl",
        "l[v] = log(softmax[v](z[v]))",
        "z",
        "s = sum[v](grad_l[v])\ngrad_z[v] = grad_l[v] - s softmax[v](z[v])",
        "z:4",
        lambda z, grad_l: {"z": grad_l - softmax(z) * grad_l.sum()},
    ),
    Known(
        "log-sum-exp: the softmax",
        "L = logsumexp[v](z[v])",
        "z",
        "grad_z[v] = softmax[v](z[v])",
        "z:4",
        lambda z: {"z": softmax(z)},
    ),
    Known(
        "entropy: -p (H + log p)",
        "p[i] = softmax[i](z[i])\nH = -p[i] log(p[i])",
        "z",
        "t3[i] = log(p[i])\nH = -p[i] t3[i]\ngrad_z[i] = -p[i] (H + t3[i])",
        "z:4",
        lambda z: {"z": -softmax(z) * (np.log(softmax(z)) - softmax(z) @ np.log(softmax(z)))},
    ),
    Known(
        "quadratic form: (A + Aᵀ) x and x xᵀ",
        "q = x[i] A[i,j] x[j]",
        "x,A",
        "grad_x[i] = (A[j, i] + A[i, j]) x[j]\ngrad_A[i, j] = x[i] x[j]",
        "x:3 A:3,3",
        lambda x, A: {"x": (A + A.T) @ x, "A": np.outer(x, x)},
    ),
    Known(
        "least squares: 2 Xᵀ(Xw - y)",
        "r[n] = X[n,i] w[i] - y[n]\nL = r[n] r[n]",
        "w",
        "grad_w[i] = 2 X[n, i] r[n]",
        "X:5,3 w:3 y:5",
        lambda X, w, y: {"w": 2 * X.T @ (X @ w - y)},
    ),
    Known(
        "ridge: 2 (Xᵀ(Xw - y) + λ w)",
        "L = sum[n]((X[n,i] w[i] - y[n])**2) + lam w[i] w[i]",
        "w",
        "t0[n] = X[n, i] w[i] - y[n]\ngrad_w[i] = 2 (X[n, i] t0[n] + lam w[i])",
        "X:5,3 w:3 y:5 lam:",
        lambda X, w, y, lam: {"w": 2 * X.T @ (X @ w - y) + 2 * lam * w},
    ),
    Known(
        "log determinant: the transposed inverse",
        "L = logdet(A)",
        "A",
        "t1[i, j] = inv(A)[i, j]\ngrad_A[i, j] = t1[j, i]",
        "A!:3,3",
        lambda A: {"A": np.linalg.inv(A).T},
    ),
    Known(
        "trace of a product: AᵀBᵀ",
        "L = A[i,j] X[j,k] B[k,i]",
        "X",
        "grad_X[j, k] = A[i, j] B[k, i]",
        "A:2,3 X:3,4 B:4,2",
        lambda A, X, B: {"X": A.T @ B.T},
    ),
    Known(
        "norm: x over its length",
        "L = norm[i](x[i])",
        "x",
        "grad_x[i] = x[i] / L",
        "x:4",
        lambda x: {"x": x / np.linalg.norm(x)},
    ),
    Known(
        "unit vector: the part across it, over the length",
        "r = norm[i](x[i])\nu[i] = x[i] / r",
        "x",
        "s = grad_u[i] u[i]\ngrad_x[i] = (grad_u[i] - s u[i]) / r",
        "x:4",
        lambda x, grad_u: {"x": (np.eye(4) - np.outer(x, x) / (x @ x)) @ grad_u / np.linalg.norm(x)},
    ),
    Known(
        "RMS norm: (dn - n mean(dn n)) / r",
        "index t : tokens\nindex c : channels(C)\nr[t] = sqrt(mean[c](x[t,c]**2) + 1e-6)\nn[t,c] = x[t,c] / r[t]",
        "x",
        "s[t] = grad_n[t, c] n[t, c]\ngrad_x[t, c] = (grad_n[t, c] - n[t, c] s[t] / C) / r[t]",
        "x:3,4",
        rms_norm_paper,
    ),
    Known(
        "layer norm: one row statistic with x̂, one mean",
        "index t : tokens\nindex c : channels(C)\nm[t] = mean[c](x[t,c])\nv[t] = mean[c]((x[t,c] - m[t])**2)\n"
        "σ[t] = sqrt(v[t] + 1e-5)\nn[t,c] = (x[t,c] - m[t]) / σ[t]\ny[t,c] = gain[c] n[t,c]",
        "x,gain",
        "grad_n[t, c] = gain[c] grad_y[t, c]\n"
        "s[t] = grad_n[t, c] n[t, c]\n"
        "grad_t0[t, c] = (grad_n[t, c] - n[t, c] s[t] / C) / σ[t]\n"
        "s_2[t] = sum[c](grad_t0[t, c])\n"
        "grad_x[t, c] = grad_t0[t, c] - s_2[t] / C\n"
        "grad_gain[c] = grad_y[t, c] n[t, c]",
        "x:3,4 gain:4",
        layer_norm_paper,
    ),
    Known(
        "attention: dS = P (dP - D), D = O dO",
        "index i, j : seq\nindex d : head(D)\nS[i,j] = Q[i,d] K[j,d] / sqrt(D)\n"
        "P[i,j] = softmax[j](where(j <= i, S[i,j], -inf))\nO[i,a] = P[i,j] V[j,a]",
        "Q,K,V",
        "grad_P[i, j] = V[j, a] grad_O[i, a]\n"
        "s[i] = O[i, a] grad_O[i, a]\n"
        "grad_S[i, j] = P[i, j] (grad_P[i, j] - s[i])\n"
        "grad_Q[i, d] = K[j, d] grad_S[i, j] / sqrt(D)\n"
        "grad_K[j, d] = Q[i, d] grad_S[i, j] / sqrt(D)\n"
        "grad_V[j, a] = P[i, j] grad_O[i, a]",
        "Q:4,3 K:4,3 V:4,2",
        attention_paper,
    ),
    Known(
        "InfoNCE: (P - 1) / N τ",
        "index i, j : n(N)\nS[i,j] = x[i,d] y[j,d] / tau\nL = mean[i](logsumexp[j](S[i,j]) - S[i,i])",
        "x,y",
        "grad_S[i, j] = (softmax[j](S[i, j]) - delta[i, j]) / N\n"
        "grad_x[i, d] = grad_S[i, j] y[j, d] / tau\n"
        "grad_y[j, d] = grad_S[i, j] x[i, d] / tau",
        "x:4,3 y:4,3 tau+:",
        info_nce_paper,
    ),
    Known(
        "Hopfield energy: the state minus what attention reads",
        "E = 0.5 ξ[d] ξ[d] - logsumexp[m](X[m,d] ξ[d])",
        "ξ",
        "t0[m] = X[m, d] ξ[d]\ngrad_ξ[d] = ξ[d] - X[m, d] softmax[m](t0[m])",
        "ξ:3 X:5,3",
        lambda ξ, X: {"ξ": ξ - X.T @ softmax(X @ ξ)},
    ),
    Known(
        "embedding: scatter and add",
        "integer tok[t] : vocab\nindex v : vocab\ntensor E[v,c]\nh[t,c] = E[tok[t],c]",
        "E",
        "grad_E[v, c] = grad_h[t, c] delta[tok[t], v]",
        "E:5,2 tok%5:6",
        lambda E, tok, grad_h: {"E": one_hot(tok, 5).T @ grad_h},
    ),
    Known(
        "tanh layer: dy (1 - y²)",
        "y[b,o] = tanh(x[b,i] W[i,o] + c[o])",
        "x,W,c",
        "grad_t0[o, b] = grad_y[b, o] (1 - y[b, o]**2)\n"
        "grad_x[b, i] = W[i, o] grad_t0[o, b]\n"
        "grad_W[i, o] = grad_t0[o, b] x[b, i]\n"
        "grad_c[o] = sum[b](grad_t0[o, b])",
        "x:3,2 W:2,4 c:4",
        lambda x, W, c, grad_y: (lambda d: {"x": d @ W.T, "W": x.T @ d, "c": d.sum(0)})(
            grad_y * (1 - np.tanh(x @ W + c) ** 2)
        ),
    ),
    Known(
        "SwiGLU: each projection once",
        "h[t,f] = silu(x[t,m] W[m,f])\nv[t,f] = x[t,m] V[m,f]\ng[t,f] = h[t,f] v[t,f]\ny[t,n] = g[t,f] Z[f,n]",
        "x,W,V,Z",
        "t0[f, t] = W[m, f] x[t, m]\n"
        "t1[f, t] = sigmoid(t0[f, t])\n"
        "h[t, f] = t0[f, t] t1[f, t]\n"
        "grad_g[t, f] = Z[f, n] grad_y[t, n]\n"
        "grad_v[t, f] = grad_g[t, f] h[t, f]\n"
        "grad_t0[f, t] = grad_g[t, f] (g[t, f] (1 - t1[f, t]) + t1[f, t] v[t, f])\n"
        "grad_x[t, m] = V[m, f] grad_v[t, f] + W[m, f] grad_t0[f, t]\n"
        "grad_W[m, f] = grad_t0[f, t] x[t, m]\n"
        "grad_V[m, f] = grad_v[t, f] x[t, m]\n"
        "grad_Z[f, n] = g[t, f] grad_y[t, n]",
        "x:3,2 W:2,4 V:2,4 Z:4,2",
        swiglu_paper,
    ),
    Known(
        "a declared function: its argument once",
        "function swish(x) = x / (1 + exp(-x))\ny[i] = swish(W[i,j] x[j])",
        "W,x",
        "t0[i] = W[i, j] x[j]\n"
        "t2[i] = exp(-t0[i])\n"
        "t3[i] = t2[i] + 1\n"
        "y[i] = t0[i] / t3[i]\n"
        "grad_t0[i] = grad_y[i] (t2[i] y[i] + 1) / t3[i]\n"
        "grad_W[i, j] = grad_t0[i] x[j]\n"
        "grad_x[j] = W[i, j] grad_t0[i]",
        "W:3,4 x:4",
        swish_paper,
    ),
    Known(
        "CP decomposition: the residual against Khatri-Rao",
        "R[i,j,k] = T[i,j,k] - sum[r](A[i,r] B[j,r] C[k,r])\nL = 0.5 sum[i,j,k](R[i,j,k]**2)",
        "A",
        "grad_A[i, r] = -B[j, r] C[k, r] R[i, j, k]",
        "T:2,3,4 A:2,2 B:3,2 C:4,2",
        lambda T, A, B, C: {"A": -np.einsum("ijk,jr,kr->ir", T - np.einsum("ir,jr,kr->ijk", A, B, C), B, C)},
    ),
    Known(
        "KL of a diagonal Gaussian to the standard one",
        "L = 0.5 sum[k](m[k]**2 + exp(s[k]) - s[k] - 1)",
        "m,s",
        "grad_m[k] = m[k]\ngrad_s[k] = 0.5 (exp(s[k]) - 1)",
        "m:3 s:3",
        lambda m, s: {"m": m, "s": (np.exp(s) - 1) / 2},
    ),
    Known(
        "linear attention: the state's cotangent",
        "S[d,a] = k[j,d] v[j,a]\no[i,a] = q[i,d] S[d,a]",
        "q,k,v",
        "grad_S[d, a] = grad_o[i, a] q[i, d]\n"
        "grad_q[i, d] = S[d, a] grad_o[i, a]\n"
        "grad_k[j, d] = grad_S[d, a] v[j, a]\n"
        "grad_v[j, a] = grad_S[d, a] k[j, d]",
        "q:4,3 k:5,3 v:5,2",
        lambda q, k, v, grad_o: {"q": grad_o @ v.T @ k, "k": v @ grad_o.T @ q, "v": k @ q.T @ grad_o},
    ),
]

"""Losses, likelihoods, decompositions and other models, in varied spellings of the language."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from .torch_cases import Case


def _student_t(x: torch.Tensor, nu: torch.Tensor, s: torch.Tensor) -> torch.Tensor:
    return (-(nu + 1) / 2 * torch.log(1 + (x / s) ** 2 / nu) - torch.log(s)).sum()


def _gp(X, y, s, h, n):  # type: ignore[no-untyped-def]
    d = ((X[:, None] - X[None]) ** 2).sum(-1)
    K = s * torch.exp(-d / (2 * h**2)) + n * torch.eye(len(y), dtype=y.dtype)
    return 0.5 * y @ torch.linalg.solve(K, y) + 0.5 * torch.logdet(K) + len(y) / 2 * math.log(2 * math.pi)


def _mixture(x, m, s, w):  # type: ignore[no-untyped-def]
    each = -0.5 * ((x[:, None] - m) / s) ** 2 - torch.log(s) - 0.5 * math.log(2 * math.pi)
    return -torch.logsumexp(torch.log_softmax(w, 0) + each, 1).sum()


def _contrastive(x, y, tau):  # type: ignore[no-untyped-def]
    s = F.normalize(x, dim=1) @ F.normalize(y, dim=1).T / tau
    t = torch.arange(len(x))
    return (F.cross_entropy(s, t) + F.cross_entropy(s.T, t)) / 2


def _nbody(x, m):  # type: ignore[no-untyped-def]
    d = ((x[:, None] - x[None]) ** 2).sum(-1)
    e = -(m[:, None] * m[None]) / torch.sqrt(d + 0.01)
    return torch.triu(e, 1).sum()


MODELS = [
    # regression and classification
    Case(
        "logistic regression, labels ±1",
        "L = mean[n](log(1 + exp(-y_n (X_ni w_i + b)))) + lam w_k w_k",
        "y:6 X:6,3 w:3 b: lam:",
        lambda y, X, w, b, lam: F.softplus(-y * (X @ w + b)).mean() + lam * w @ w,
    ),
    Case(
        "logistic regression, labels 0 and 1",
        "index n : data\np[n] = sigmoid(X[n,i] w[i])\nL = -sum[n](y[n] log(p[n]) + (1 - y[n]) log(1 - p[n]))",
        "X:5,3 w:3 y:5",
        lambda X, w, y: -(y * torch.log(torch.sigmoid(X @ w)) + (1 - y) * torch.log(1 - torch.sigmoid(X @ w))).sum(),
    ),
    Case(
        "softmax regression",
        "index c : class; integer t[n] : class\n"
        "z[n,c] = X[n,i] W[i,c] + b[c]\n"
        "L = -sum[n,c](log(softmax[c](z[n,c])) delta[c, t[n]])",
        "X:5,3 W:3,4 b:4 t%4:5",
        lambda X, W, b, t: F.cross_entropy(X @ W + b, t, reduction="sum"),
    ),
    Case(
        "Poisson regression",
        "e[n] = X[n,i] w[i]\nL = sum[n](exp(e[n]) - y[n] e[n])",
        "X:5,3 w:3 y:5",
        lambda X, w, y: (torch.exp(X @ w) - y * (X @ w)).sum(),
    ),
    Case(
        "weighted least squares",
        "L = sum[n](W[n] (X[n,i] b[i] - y[n])^2)",
        "W+:5 X:5,3 b:3 y:5",
        lambda W, X, b, y: (W * (X @ b - y) ** 2).sum(),
    ),
    Case(
        "multi-task regression",
        "E_nk = X_ni W_ik - Y_nk\nL = 0.5 E_nk S_kl E_nl",
        "X:5,3 W:3,2 Y:5,2 S:2,2",
        lambda X, W, Y, S: 0.5 * torch.trace((X @ W - Y) @ S @ (X @ W - Y).T),
    ),
    Case(
        "log-cosh loss",
        "L = mean[n](log(cosh(x[n] - y[n])))",
        "x:6 y:6",
        lambda x, y: torch.log(torch.cosh(x - y)).mean(),
    ),
    Case(
        "quantile loss",
        "d[n] = y[n] - x[n]\nL = mean[n](max(q d[n], (q - 1) d[n]))",
        "x:6 y:6 q+:",
        lambda x, y, q: torch.maximum(q * (y - x), (q - 1) * (y - x)).mean(),
    ),
    Case(
        "two-layer network, everything inline",
        "L = mean[n,k]((V[k,h] tanh(W[h,i] X[n,i] + b[h]) + c[k] - Y[n,k])**2)",
        "V:2,4 W:4,3 X:5,3 b:4 c:2 Y:5,2",
        lambda V, W, X, b, c, Y: ((torch.tanh(X @ W.T + b) @ V.T + c - Y) ** 2).mean(),
    ),
    # likelihoods
    Case(
        "multivariate normal",
        "index n : data(N)\n"
        "index i, j : d(D)\n"
        "r[n,i] = x[n,i] - μ[i]\n"
        "P[i,j] = inv(Σ)[i,j]\n"
        "L = sum[n](r[n,i] P[i,j] r[n,j]) / 2 + N logdet(Σ) / 2 + N D log(2 pi) / 2",
        "x:5,3 μ:3 Σ!:3,3",
        lambda x, μ, Σ: -torch.distributions.MultivariateNormal(μ, Σ).log_prob(x).sum(),
    ),
    Case(
        "precision form",
        "L = 0.5 (x_i - m_i) Λ_ij (x_j - m_j) - 0.5 logdet(Λ)",
        "x:3 m:3 Λ!:3,3",
        lambda x, m, Λ: 0.5 * (x - m) @ Λ @ (x - m) - 0.5 * torch.logdet(Λ),
    ),
    Case(
        "normal with log scale",
        "L = sum[n](s[n] + 0.5 ((x[n] - m[n]) / exp(s[n]))^2)",
        "s:5 x:5 m:5",
        lambda s, x, m: (s + 0.5 * ((x - m) / torch.exp(s)) ** 2).sum(),
    ),
    Case(
        "Gaussian mixture",
        "index k : comp\n"
        "lw[k] = log(softmax[k](w[k]))\n"
        "L = -sum[n](logsumexp[k](lw[k] - 0.5 ((x[n] - m[k]) / s[k])**2 - log(s[k]) - 0.5 log(2 pi)))",
        "x:6 m:3 s+:3 w:3",
        lambda x, m, s, w: _mixture(x, m, s, w),
    ),
    Case(
        "Student t",
        "L = sum[n](-(nu + 1) / 2 * log(1 + (x[n] / s)**2 / nu) - log(s))",
        "x:5 nu+: s+:",
        lambda x, nu, s: _student_t(x, nu, s),
    ),
    Case(
        "KL of diagonal Gaussians",
        "L = 0.5 sum[i](exp(s[i]) + m[i]**2 - 1 - s[i])",
        "s:4 m:4",
        lambda s, m: 0.5 * (torch.exp(s) + m**2 - 1 - s).sum(),
    ),
    Case(
        "KL of full Gaussians",
        "index i, j : d(D)\n"
        "L = 0.5 (inv(B)[i,j] A[j,i] + (m[i] - n[i]) inv(B)[i,j] (m[j] - n[j]) - D + logdet(B) - logdet(A))",
        "A!:3,3 B!:3,3 m:3 n:3",
        lambda A, B, m, n: torch.distributions.kl_divergence(
            torch.distributions.MultivariateNormal(m, A), torch.distributions.MultivariateNormal(n, B)
        ),
    ),
    Case(
        "KL of categoricals",
        "p[i] = softmax[i](a[i])\nq[i] = softmax[i](b[i])\nL = p[i] (log(p[i]) - log(q[i]))",
        "a:4 b:4",
        lambda a, b: F.kl_div(torch.log_softmax(b, 0), torch.log_softmax(a, 0), log_target=True, reduction="sum"),
    ),
    Case(
        "Jensen-Shannon",
        "p[i] = softmax[i](a[i]); q[i] = softmax[i](b[i]); m[i] = (p[i] + q[i]) / 2\n"
        "L = 0.5 sum[i](p[i] log(p[i] / m[i])) + 0.5 sum[i](q[i] log(q[i] / m[i]))",
        "a:4 b:4",
        lambda a, b: _js(torch.softmax(a, 0), torch.softmax(b, 0)),
    ),
    Case(
        "distillation with temperature",
        "t[b,c] = softmax[c](u[b,c] / T)\nL = -T**2 mean[b](sum[c](t[b,c] log(softmax[c](z[b,c] / T))))",
        "u:3,4 z:3,4 T+:",
        lambda u, z, T: -(T**2) * (torch.softmax(u / T, 1) * torch.log_softmax(z / T, 1)).sum(1).mean(),
    ),
    Case(
        "GP marginal likelihood",
        "index m, n : data(N)\n"
        "D2[m,n] = sum[d]((X[m,d] - X[n,d])**2)\n"
        "K[m,n] = s exp(-D2[m,n] / (2 h**2)) + σ delta[m,n]\n"
        "L = 0.5 y[m] inv(K)[m,n] y[n] + 0.5 logdet(K) + N / 2 * log(2 pi)",
        "X:5,2 y:5 s+: h+: σ+:",
        lambda X, y, s, h, σ: _gp(X, y, s, h, σ),
    ),
    Case(
        "GP predictive mean",
        "index m, n : data; index q : query\n"
        "K[m,n] = exp(-0.5 sum[d]((X[m,d] - X[n,d])**2)) + 0.1 delta[m,n]\n"
        "k[q,n] = exp(-0.5 sum[d]((Z[q,d] - X[n,d])**2))\n"
        "f[q] = k[q,n] inv(K)[n,m] y[m]",
        "X:4,2 Z:3,2 y:4",
        lambda X, Z, y: (
            torch.exp(-0.5 * torch.cdist(Z, X) ** 2)
            @ torch.linalg.solve(
                torch.exp(-0.5 * ((X[:, None] - X[None]) ** 2).sum(-1)) + 0.1 * torch.eye(4, dtype=y.dtype), y
            )
        ),
    ),
    # contrastive
    Case(
        "InfoNCE, both ways",
        "index i, j : n\n"
        "u[i,d] = X[i,d] / norm[e](X[i,e])\n"
        "v[i,d] = Y[i,d] / norm[e](Y[i,e])\n"
        "S[i,j] = u[i,d] v[j,d] / tau\n"
        "L = 0.5 mean[i](logsumexp[j](S[i,j]) - S[i,i]) + 0.5 mean[j](logsumexp[i](S[i,j]) - S[j,j])",
        "X:4,3 Y:4,3 tau+:",
        lambda X, Y, tau: _contrastive(X, Y, tau),
    ),
    Case(
        "SigLIP",
        "index i, j : n\nL = -mean[i](sum[j](log(sigmoid((2 delta[i,j] - 1) (t X[i,d] Y[j,d] + b)))))",
        "X:4,3 Y:4,3 t: b:",
        lambda X, Y, t, b: -F.logsigmoid((2 * torch.eye(4, dtype=t.dtype) - 1) * (t * X @ Y.T + b)).sum(1).mean(),
    ),
    Case(
        "triplet loss",
        "L = mean[n](relu(sum[d]((a[n,d] - p[n,d])**2) - sum[d]((a[n,d] - q[n,d])**2) + 0.5))",
        "a:5,3 p:5,3 q:5,3",
        lambda a, p, q: F.relu(((a - p) ** 2).sum(1) - ((a - q) ** 2).sum(1) + 0.5).mean(),
    ),
    Case(
        "DPO",
        "L = -mean[n](log(sigmoid(beta (w[n] - v[n]))))",
        "beta+: w:5 v:5",
        lambda beta, w, v: -F.logsigmoid(beta * (w - v)).mean(),
    ),
    Case(
        "Barlow twins",
        "index i, j : feat\n"
        "C[i,j] = mean[n](X[n,i] Y[n,j])\n"
        "L = sum[i]((1 - C[i,i])**2) + lam sum[i,j](where(i != j, C[i,j]**2, 0))",
        "X:5,3 Y:5,3 lam:",
        lambda X, Y, lam: _barlow(X.T @ Y / 5, lam),
    ),
    # tensors
    Case(
        "CP decomposition loss",
        "R[i,j,k] = T[i,j,k] - sum[r](A[i,r] B[j,r] C[k,r])\nL = sum[i,j,k](R[i,j,k]**2)",
        "T:3,4,2 A:3,2 B:4,2 C:2,2",
        lambda T, A, B, C: ((T - torch.einsum("ir,jr,kr->ijk", A, B, C)) ** 2).sum(),
    ),
    Case(
        "symmetric CP with weights",
        "L = sum[r](w[r] (A[i,r] x[i])**3)",
        "w:2 A:4,2 x:4",
        lambda w, A, x: (w * (A.T @ x) ** 3).sum(),
    ),
    Case(
        "Tucker decomposition loss",
        "L = norm[i,j,k](T[i,j,k] - G[p,q,r] A[i,p] B[j,q] C[k,r])",
        "T:3,4,2 G:2,2,2 A:3,2 B:4,2 C:2,2",
        lambda T, G, A, B, C: (T - torch.einsum("pqr,ip,jq,kr->ijk", G, A, B, C)).norm(),
    ),
    Case(
        "tensor train",
        "T[i,j,k] = A[i,a] B[a,j,b] C[b,k]",
        "A:3,2 B:2,4,2 C:2,3",
        lambda A, B, C: torch.einsum("ia,ajb,bk->ijk", A, B, C),
    ),
    Case(
        "tensor ring",
        "T[i,j,k] = A[a,i,b] B[b,j,c] C[c,k,a]",
        "A:2,3,3 B:3,2,2 C:2,4,2",
        lambda A, B, C: torch.einsum("aib,bjc,cka->ijk", A, B, C),
    ),
    Case(
        "matrix product state squared",
        "psi[i,j,k] = A[i,a] B[a,j,b] C[b,k]\nL = sum[i,j,k](psi[i,j,k]**2) / (v[i] psi[i,j,k] w[j] u[k])**2",
        "A:2,2 B:2,3,2 C:2,2 v:2 w:3 u:2",
        lambda A, B, C, v, w, u: (
            (torch.einsum("ia,ajb,bk->ijk", A, B, C) ** 2).sum()
            / torch.einsum("ia,ajb,bk,i,j,k", A, B, C, v, w, u) ** 2
        ),
    ),
    Case(
        "non-negative factorisation, KL",
        "Y[i,j] = W[i,r] H[r,j]\nL = sum[i,j](Y[i,j] - V[i,j] log(Y[i,j]))",
        "W+:3,2 H+:2,4 V+:3,4",
        lambda W, H, V: (W @ H - V * torch.log(W @ H)).sum(),
    ),
    Case("Khatri-Rao product", "K_ijr = A_ir B_jr", "A:3,2 B:4,2", lambda A, B: torch.einsum("ir,jr->ijr", A, B)),
    Case(
        "factorisation machine",
        "index i, j : feat\nL = w[i] x[i] + 0.5 sum[k]((V[i,k] x[i])**2 - sum[j](V[j,k]**2 x[j]**2))",
        "w:4 x:4 V:4,2",
        lambda w, x, V: w @ x + 0.5 * ((x @ V) ** 2 - (x**2) @ V**2).sum(),
    ),
    # physics and graphs
    Case(
        "pair energies",
        "index i, j : body\n"
        "r[i,j] = sqrt(sum[d]((x[i,d] - x[j,d])**2) + 0.01)\n"
        "E = -sum[i,j](where(i < j, m[i] m[j] / r[i,j], 0))",
        "x:4,3 m+:4",
        lambda x, m: _nbody(x, m),
    ),
    Case(
        "Ising energy of a chain",
        "index s : site; index p : pair(4)\n"
        "y[p] = sum[s](delta[s, p + 1] x[s])\n"
        "z[p] = sum[s](where(s == p, x[s], 0))\n"
        "E = -J (z[p] y[p] + x[p + 0] x[p + 1]) / 2 - h sum[s](x[s])",
        "J: x:5 h:",
        lambda J, x, h: -J * (x[:-1] * x[1:]).sum() - h * x.sum(),
    ),
    Case(
        "finite differences",
        "index t : inner(4)\ny[t] = (u[t + 2] - 2 u[t + 1] + u[t + 0]) / h**2 + u[t + 1]**3",
        "u:6 h+:",
        lambda u, h: (u[2:] - 2 * u[1:-1] + u[:-2]) / h**2 + u[1:-1] ** 3,
    ),
    Case(
        "total variation",
        "index p : rows(3); index q : cols(3)\n"
        "L = sum[p,q](sqrt((x[p+1,q+0] - x[p+0,q+0])**2 + (x[p+0,q+1] - x[p+0,q+0])**2 + 0.01))",
        "x:4,4",
        lambda x: _total_variation(x),
    ),
    Case(
        "graph convolution, normalised",
        "index u, v : node\n"
        "S[u,v] = A[u,v] + delta[u,v]\n"
        "D[u] = sum[v](S[u,v])\n"
        "N[u,v] = S[u,v] / sqrt(D[u] D[v])\n"
        "h[u,o] = relu(N[u,v] x[v,i] W[i,o])",
        "A+:4,4 x:4,3 W:3,2",
        lambda A, x, W: _gcn(A + torch.eye(4, dtype=A.dtype), x, W),
    ),
    Case(
        "message passing along edges",
        "index u : node; index e : edge\n"
        "integer src[e] : node\n"
        "integer dst[e] : node\n"
        "tensor x[u,c]\n"
        "m[e,c] = tanh(x[src[e],c] - x[dst[e],c])\n"
        "y[u,c] = sum[e](delta[u, dst[e]] m[e,c]) + x[u,c]",
        "x:4,2 src%4:5 dst%4:5",
        lambda x, src, dst: x.index_add(0, dst, torch.tanh(x[src] - x[dst])),
    ),
    Case(
        "graph attention",
        "index u, v : node\n"
        "h[u,o] = x[u,i] W[i,o]\n"
        "e[u,v] = max(a[o] h[u,o] + b[o] h[v,o], 0.2 (a[o] h[u,o] + b[o] h[v,o]))\n"
        "P[u,v] = softmax[v](e[u,v])\n"
        "y[u,o] = P[u,v] h[v,o]",
        "x:4,3 W:3,2 a:2 b:2",
        lambda x, W, a, b: torch.softmax(F.leaky_relu((x @ W @ a)[:, None] + (x @ W @ b)[None], 0.2), 1) @ (x @ W),
    ),
    Case(
        "Sinkhorn step",
        "u[i] = 1 / sum[j](exp(-C[i,j]))\n"
        "v[j] = 1 / (exp(-C[i,j]) u[i])\n"
        "P[i,j] = u[i] exp(-C[i,j]) v[j]\n"
        "L = sum[i,j](P[i,j] C[i,j])",
        "C:3,4",
        lambda C: _sinkhorn(C),
    ),
    Case(
        "power iteration, three steps",
        "a[i] = A[i,j] x[j]\nb[i] = A[i,j] a[j] / norm[k](a[k])\nc[i] = A[i,j] b[j] / norm[k](b[k])\nL = c[i] b[i]",
        "A:4,4 x:4",
        lambda A, x: _power(A, x),
    ),
    Case(
        "Newton step",
        "index i, j : n\n"
        "g[i] = A[i,j] x[j] + x[i]**3\n"
        "H[i,j] = A[i,j] + 3 x[i]**2 delta[i,j]\n"
        "y[i] = x[i] - inv(H)[i,j] g[j]",
        "A!:3,3 x:3",
        lambda A, x: x - torch.linalg.solve(A + torch.diag(3 * x**2), A @ x + x**3),
    ),
    Case(
        "PageRank-like fixed point",
        "index i, j : n\nM[i,j] = delta[i,j] - 0.5 softmax[i](W[i,j])\nL = v[i] inv(M)[i,j] u[j]",
        "W:3,3 v:3 u:3",
        lambda W, v, u: v @ torch.linalg.solve(torch.eye(3, dtype=u.dtype) - 0.5 * torch.softmax(W, 0), u),
    ),
    Case(
        "polynomial features by products",
        "L = prod[i](1 + x[i] w[i]) + prod[j](x[j])",
        "x:4 w:4",
        lambda x, w: torch.prod(1 + x * w) + torch.prod(x),
    ),
    Case(
        "soft argmax and entropy",
        "index i : pos\np[i] = softmax[i](β z[i])\nL = sum[i](p[i] i) - 0.1 p[i] log(p[i])",
        "β+: z:5",
        lambda β, z: _soft_argmax(torch.softmax(β * z, 0)),
    ),
    Case(
        "Rosenbrock",
        "index p : pairs(4)\nL = sum[p](100 (x[p + 1] - x[p + 0]^2)^2 + (1 - x[p + 0])^2)",
        "x:5",
        lambda x: (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(),
    ),
    Case(
        "a program that reads itself under many names",
        "y[i] = x[i]\n"
        "z[j] = y[j]\n"
        "w[i] = exp(z[i])\n"
        "v[j] = exp(x[j])\n"
        "l = logsumexp[i](w[i])\n"
        "L = l sum[i](w[i] v[i]) + l**2",
        "x:4",
        lambda x: torch.logsumexp(x.exp(), 0) * (2 * x).exp().sum() + torch.logsumexp(x.exp(), 0) ** 2,
    ),
]


def _total_variation(x: torch.Tensor) -> torch.Tensor:
    a = x[:-1, :-1]
    return torch.sqrt((x[1:, :-1] - a) ** 2 + (x[:-1, 1:] - a) ** 2 + 0.01).sum()


def _js(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    m = (p + q) / 2
    return 0.5 * (p * torch.log(p / m) + q * torch.log(q / m)).sum()


def _barlow(C: torch.Tensor, lam: torch.Tensor) -> torch.Tensor:
    d = torch.diagonal(C)
    return ((1 - d) ** 2).sum() + lam * ((C**2).sum() - (d**2).sum())


def _gcn(S: torch.Tensor, x: torch.Tensor, W: torch.Tensor) -> torch.Tensor:
    d = S.sum(1)
    return F.relu(S / torch.sqrt(d[:, None] * d[None]) @ x @ W)


def _sinkhorn(C: torch.Tensor) -> torch.Tensor:
    K = torch.exp(-C)
    u = 1 / K.sum(1)
    v = 1 / (u @ K)
    return (u[:, None] * K * v[None] * C).sum()


def _power(A: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    a = A @ x
    b = A @ a / a.norm()
    return (A @ b / b.norm()) @ b


def _soft_argmax(p: torch.Tensor) -> torch.Tensor:
    return (p * torch.arange(5)).sum() - 0.1 * (p * torch.log(p)).sum()

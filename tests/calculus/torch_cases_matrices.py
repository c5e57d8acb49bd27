"""Identities of matrix calculus, in varied spellings of the language."""

from __future__ import annotations

import torch

from .torch_cases import Case

MATRICES = [
    # first-order traces
    Case(
        "tr(AX)",
        "Y[i,j] = A[i,k] X[k,j]\nL = tr(Y)",
        "A:3,4 X:4,3",
        lambda A, X: torch.trace(A @ X),
    ),
    Case("tr(AXB)", "L = A_ij X_jk B_ki", "A:3,4 X:4,5 B:5,3", lambda A, X, B: torch.trace(A @ X @ B)),
    Case("tr(AX'B)", "L = A_{i j} X_{k j} B_{k i}", "A:3,4 X:5,4 B:5,3", lambda A, X, B: torch.trace(A @ X.T @ B)),
    Case("tr(X')", "L = tr(X)", "X:4,4", lambda X: torch.trace(X)),
    Case(
        "trace of a Kronecker product",
        "K[i,j,k,l] = A[i,k] B[j,l]\nL = K[i,j,i,j]",
        "A:3,3 B:4,4",
        lambda A, B: torch.trace(torch.kron(A, B)),
    ),
    # second order
    Case("tr(X^2)", "L = X_ij X_ji", "X:4,4", lambda X: torch.trace(X @ X)),
    Case("tr(X^2 B)", "index i, j, k : n\nL = X_ij X_jk B_ki", "X:4,4 B:4,4", lambda X, B: torch.trace(X @ X @ B)),
    Case("tr(X'BX)", "L = X_ji B_jk X_ki", "X:4,3 B:4,4", lambda X, B: torch.trace(X.T @ B @ X)),
    Case(
        "tr(X'BXC)",
        "L = X[j,i] B[j,k] X[k,l] C[l,i]",
        "X:4,3 B:4,4 C:3,3",
        lambda X, B, C: torch.trace(X.T @ B @ X @ C),
    ),
    Case(
        "tr(AXBX)", "L = A[i,j] X[j,k] B[k,l] X[l,i]", "A:3,4 X:4,3 B:3,4", lambda A, X, B: torch.trace(A @ X @ B @ X)
    ),
    Case(
        "||AXB + C||^2",
        "R_{il} = A_ij X_jk B_kl + C_il\nL = R_il R_il",
        "A:3,4 X:4,5 B:5,2 C:3,2",
        lambda A, X, B, C: ((A @ X @ B + C) ** 2).sum(),
    ),
    Case(
        "higher trace X^4",
        "Y[i,k] = X[i,j] X[j,k]\nL = Y[i,k] Y[k,i]",
        "X:4,4",
        lambda X: torch.trace(torch.linalg.matrix_power(X, 4)),
    ),
    Case(
        "trace of X^5 in one line",
        "L = X[a,b] X[b,c] X[c,d] X[d,e] X[e,a]",
        "X:3,3",
        lambda X: torch.trace(torch.linalg.matrix_power(X, 5)),
    ),
    Case("tr(sin X)", "L = sum[i](sin(X[i,i]))", "X:4,4", lambda X: torch.sin(torch.diagonal(X)).sum()),
    # determinants
    Case(
        "det(AXB)",
        "Y[i,l] = A[i,j] X[j,k] B[k,l]\nL = det(Y)",
        "A:3,3 X:3,3 B:3,3",
        lambda A, X, B: torch.det(A @ X @ B),
    ),
    Case("det(X'AX)", "G_{ij} = X_ki A_kl X_lj\nL = det(G)", "X:4,3 A:4,4", lambda X, A: torch.det(X.T @ A @ X)),
    Case("logdet(X'X)", "G[i,j] = X[k,i] X[k,j]\nL = logdet(G)", "X:5,3", lambda X: torch.logdet(X.T @ X)),
    Case("log of a square determinant", "L = log(det(X)**2)", "X:3,3", lambda X: torch.log(torch.det(X) ** 2)),
    Case("det to a power", "L = det(X)^3", "X!:3,3", lambda X: torch.det(X) ** 3),
    Case(
        "logdet(I + XX')",
        "index i, j : n\nindex k : m\nM[i,j] = delta[i,j] + X[i,k] X[j,k]\nL = logdet(M)",
        "X:4,2",
        lambda X: torch.logdet(torch.eye(4, dtype=X.dtype) + X @ X.T),
    ),
    Case(
        "det of a diagonal shift",
        "index i, j : n\nM[i,j] = A[i,j] + lam δ_ij\nL = logdet(M)",
        "A!:4,4 lam+:",
        lambda A, lam: torch.logdet(A + lam * torch.eye(4, dtype=A.dtype)),
    ),
    # inverses
    Case("a' inv(X) b", "L = a_i inv(X)[i,j] b_j", "a:4 X!:4,4 b:4", lambda a, X, b: a @ torch.inverse(X) @ b),
    Case(
        "tr(A inv(X) B)",
        "L = A[i,j] inv(X)[j,k] B[k,i]",
        "A:3,4 X!:4,4 B:4,3",
        lambda A, X, B: torch.trace(A @ torch.inverse(X) @ B),
    ),
    Case(
        "inv of a shifted matrix",
        "index i, j : n\nM[i,j] = A[i,j] + B[i,j]\nY[i,j] = inv(M)[i,j]\nL = tr(Y)",
        "A!:3,3 B!:3,3",
        lambda A, B: torch.trace(torch.inverse(A + B)),
    ),
    Case("det(inv X)", "Y[i,j] = inv(X)[i,j]\nL = det(Y)", "X!:3,3", lambda X: torch.det(torch.inverse(X))),
    Case(
        "inverse of an inverse",
        "Y[i,j] = inv(X)[i,j]\nZ[i,j] = inv(Y)[i,j] X[i,j]",
        "X!:3,3",
        lambda X: torch.inverse(torch.inverse(X)) * X,
    ),
    Case(
        "ridge solution",
        "index i, j : p\n"
        "index n : data\n"
        "G[i,j] = X[n,i] X[n,j] + lam delta[i,j]\n"
        "w[i] = inv(G)[i,j] X[n,j] y[n]\n"
        "r[n] = X[n,i] w[i] - y[n]\n"
        "L = r[n] r[n] / 2",
        "X:6,3 y:6 lam+:",
        lambda X, y, lam: (
            ((X @ torch.linalg.solve(X.T @ X + lam * torch.eye(3, dtype=X.dtype), X.T @ y) - y) ** 2).sum() / 2
        ),
    ),
    Case(
        "Mahalanobis distance",
        "d[n] = sqrt((x[n,i] - m[i]) inv(S)[i,j] (x[n,j] - m[j]))",
        "x:5,3 m:3 S!:3,3",
        lambda x, m, S: torch.sqrt(torch.einsum("ni,ij,nj->n", x - m, torch.inverse(S), x - m)),
    ),
    Case("Rayleigh quotient", "L = (x_i A_ij x_j) / (x_k x_k)", "A:4,4 x:4", lambda A, x: (x @ A @ x) / (x @ x)),
    Case(
        "generalised Rayleigh",
        "q = x[i] A[i,j] x[j]\nr = x[i] B[i,j] x[j]\nL = q / r",
        "A:4,4 B!:4,4 x:4",
        lambda A, B, x: (x @ A @ x) / (x @ B @ x),
    ),
    # quadratic forms and norms
    Case(
        "(Ax+b)'C(Dx+e)",
        "L = (A_ij x_j + b_i) C_ik (D_kl x_l + e_k)",
        "A:3,4 x:4 b:3 C:3,5 D:5,4 e:5",
        lambda A, x, b, C, D, e: (A @ x + b) @ C @ (D @ x + e),
    ),
    Case(
        "symmetric quadratic",
        "tensor A[i,j] symmetric\nL = x[i] A[i,j] x[j]",
        "A!:4,4 x:4",
        lambda A, x: x @ A @ x,
        "x",
    ),
    Case(
        "(x - As)'W(x - As)",
        "r[i] = x[i] - A[i,j] s[j]\nL = r[i] W[i,k] r[k]",
        "x:4 A:4,3 s:3 W:4,4",
        lambda x, A, s, W: (x - A @ s) @ W @ (x - A @ s),
    ),
    Case("norm of a difference", "L = norm[i](x[i] - a[i])", "x:5 a:5", lambda x, a: torch.linalg.norm(x - a)),
    Case(
        "unit vector",
        "u[i] = (x[i] - a[i]) / norm[k](x[k] - a[k])",
        "x:5 a:5",
        lambda x, a: (x - a) / torch.linalg.norm(x - a),
    ),
    Case("Frobenius norm", "L = norm[i,j](X[i,j])", "X:3,4", lambda X: torch.linalg.norm(X)),
    Case("p-norm", "L = sum[i](abs(x[i])**p)**(1/p)", "x:5 p+:", lambda x, p: (x.abs() ** p).sum() ** (1 / p)),
    Case("1-norm", "L = sum[i](abs(A_ij x_j))", "A:4,3 x:3", lambda A, x: (A @ x).abs().sum()),
    Case("max norm", "L = max[i](abs(x[i]))", "x:6", lambda x: x.abs().max()),
    Case(
        "elastic net",
        "index n : data\nr[n] = X[n,i] w[i] - y[n]\nL = mean[n](r[n]**2) + α norm[i](w[i]) + \\beta sum[i](abs(w[i]))",
        "X:6,3 w:3 y:6 α: β:",
        lambda X, w, y, α, β: ((X @ w - y) ** 2).mean() + α * torch.linalg.norm(w) + β * w.abs().sum(),
    ),
    Case("cubic form", "L = T_ijk x_i x_j x_k", "T:3,3,3 x:3", lambda T, x: torch.einsum("ijk,i,j,k", T, x, x, x)),
    Case("x' A^2 x", "y[i] = A[i,j] (A[j,k] x[k])\nL = x[i] y[i]", "A:4,4 x:4", lambda A, x: x @ A @ A @ x),
    Case("bilinear squared", "L = (x[i] A[i,j] y[j])**2", "x:3 A:3,4 y:4", lambda x, A, y: (x @ A @ y) ** 2),
    # chain rules
    Case(
        "exp of a quadratic form", "f = exp(-0.5 x_i A_ij x_j)", "x:3 A:3,3", lambda x, A: torch.exp(-0.5 * x @ A @ x)
    ),
    Case(
        "log-sum-exp of a linear map",
        "L = log(sum[i](exp(A[i,j] x[j] + b[i])))",
        "A:4,3 x:3 b:4",
        lambda A, x, b: torch.logsumexp(A @ x + b, 0),
    ),
    Case("sin of a matrix product", "Y[i,k] = sin(A[i,j] B[j,k])", "A:3,4 B:4,2", lambda A, B: torch.sin(A @ B)),
    Case(
        "product of functions",
        "y[i] = exp(x[i]) log(x[i]) / (1 + x[i]^2)",
        "x+:5",
        lambda x: torch.exp(x) * torch.log(x) / (1 + x**2),
    ),
    Case(
        "nested powers",
        "y[i] = ((x[i]**2 + 1)**0.5 + x[i])**(-1/3)",
        "x+:4",
        lambda x: ((x**2 + 1) ** 0.5 + x) ** (-1 / 3),
    ),
    Case("tower of powers", "y[i] = 2**(x[i]**2)", "x:4", lambda x: 2 ** (x**2)),
    Case("x to the x", "y[i] = x[i]**x[i]", "x+:4", lambda x: x**x),
    Case(
        "user functions of two variables",
        "function r(a, b) = sqrt(a**2 + b**2)\n"
        "function th(a) = (exp(a) - exp(-a)) / (exp(a) + exp(-a))\n"
        "y[i] = r(x[i], th(z[i])) r(z[i], 1)",
        "x:4 z:4",
        lambda x, z: torch.sqrt(x**2 + torch.tanh(z) ** 2) * torch.sqrt(z**2 + 1),
    ),
    Case(
        "tangent and its like",
        "y[i] = tan(x[i] / 3) + sinh(x[i]) cosh(x[i]) - tanh(x[i]) erf(x[i])",
        "x:4",
        lambda x: torch.tan(x / 3) + torch.sinh(x) * torch.cosh(x) - torch.tanh(x) * torch.erf(x),
    ),
    Case(
        "sigmoid-weighted sum",
        "L = v_i sigmoid(W_ij x_j + b_i)\n",
        "v:3 W:3,4 x:4 b:3",
        lambda v, W, x, b: v @ torch.sigmoid(W @ x + b),
    ),
    # structure
    Case(
        "Hadamard with a product",
        "M_ij = A_ik C_kj\nL = sum[i,j](A_ij B_ij M_ij)",
        "A:3,3 B:3,3 C:3,3",
        lambda A, B, C: (A * B * (A @ C)).sum(),
    ),
    Case("diagonal of a product", "d[i] = A[i,j] B[j,i]", "A:3,4 B:4,3", lambda A, B: torch.diagonal(A @ B)),
    Case(
        "diagonal matrix product",
        "Y[i,j] = x[i] A[i,j] y[j]",
        "x:3 A:3,4 y:4",
        lambda x, A, y: torch.diag(x) @ A @ torch.diag(y),
    ),
    Case(
        "diag by a delta",
        "D[i,j] = δ_ij x_i\nL = D[i,j] A[j,k] D[k,i]",
        "x:3 A:3,3",
        lambda x, A: torch.trace(torch.diag(x) @ A @ torch.diag(x)),
    ),
    Case("antisymmetric part", "W[i,j] = A[[i,j]]\nL = W[i,j] W[i,j]", "A:4,4", lambda A: ((A - A.T) ** 2).sum() / 4),
    Case("symmetric part", "E[i,j] = A[(i,j)]", "A:4,4", lambda A: (A + A.T) / 2),
    Case(
        "determinant by ε",
        "index i, j, k : space(3)\nL = eps[i,j,k] A[0,i] A[1,j] A[2,k]",
        "A:3,3",
        lambda A: torch.det(A),
    ),
    Case(
        "triple product",
        "index i, j, k : space(3)\nV = ε_ijk a_i b_j c_k",
        "a:3 b:3 c:3",
        lambda a, b, c: a @ torch.linalg.cross(b, c),
    ),
    Case(
        "double cross product",
        "index i, j, k, l, m : space(3)\nd[i] = eps[i,j,k] a[j] eps[k,l,m] b[l] c[m]",
        "a:3 b:3 c:3",
        lambda a, b, c: torch.linalg.cross(a, torch.linalg.cross(b, c)),
    ),
    Case("transpose twice", "B[i,j] = A'[j,i] A[i,j] + A'[i,j]", "A:3,3", lambda A: A * A + A.T),
    Case(
        "outer product and trace",
        "M[i,j] = x[i] x[j]\nL = tr(M) + M[i,j] A[i,j]",
        "x:4 A:4,4",
        lambda x, A: x @ x + x @ A @ x,
    ),
    Case(
        "commutator norm",
        "C[i,j] = A[i,k] B[k,j] - B[i,k] A[k,j]\nL = C[i,j] C[i,j]",
        "A:3,3 B:3,3",
        lambda A, B: ((A @ B - B @ A) ** 2).sum(),
    ),
    Case(
        "Lyapunov residual",
        "R[i,j] = A[i,k] P[k,j] + P[i,k] A[j,k] + Q[i,j]\nL = 0.5 R[i,j] R[i,j]",
        "A:3,3 P:3,3 Q:3,3",
        lambda A, P, Q: 0.5 * ((A @ P + P @ A.T + Q) ** 2).sum(),
    ),
    Case(
        "orthogonality penalty",
        "index i, j : n\nG[i,j] = W[k,i] W[k,j] - delta[i,j]\nL = G[i,j] G[i,j]",
        "W:5,3",
        lambda W: ((W.T @ W - torch.eye(3, dtype=W.dtype)) ** 2).sum(),
    ),
    Case(
        "centring matrix",
        "index i, j : n(N_obs)\nH[i,j] = δ_ij - 1/N_obs\nindex k : d\nY[i,k] = H[i,j] X[j,k]",
        "X:5,2",
        lambda X: X - X.mean(0),
    ),
    Case(
        "squared distances",
        "index m, n : pts\nD[m,n] = (x[m,d] - y[n,d]) (x[m,d] - y[n,d])",
        "x:4,3 y:5,3".replace("5", "4"),
        lambda x, y: ((x[:, None] - y[None]) ** 2).sum(-1),
    ),
    Case(
        "softmax Jacobian product",
        "p[i] = softmax[i](A[i,j] x[j])\nL = p[i] c[i]",
        "A:4,3 x:3 c:4",
        lambda A, x, c: torch.softmax(A @ x, 0) @ c,
    ),
    Case(
        "einsum diagonal",
        'd[i] = einsum("ii->i", A) einsum("ij,j->i", B, x)',
        "A:3,3 B:3,4 x:4",
        lambda A, B, x: torch.diagonal(A) * (B @ x),
    ),
    Case(
        "einsum with an ellipsis",
        'y[b,h,i] = einsum("...i,i->...i", x, g)\nL = sum[b,h,i](y[b,h,i]**3)',
        "x:2,3,4 g:4",
        lambda x, g: ((x * g) ** 3).sum(),
    ),
    Case(
        "einsum in words",
        'S[b,h,q,k] = einsum("b seq_q h d, b seq_k h d -> b h seq_q seq_k", Q, K)',
        "Q:2,3,2,4 K:2,5,2,4",
        lambda Q, K: torch.einsum("bqhd,bkhd->bhqk", Q, K),
    ),
    Case(
        "einsum inside a formula",
        'L = 2 * einsum("ij,jk,ki->", A, B, C) - einsum("ij,ij", A, A)',
        "A:3,4 B:4,2 C:2,3",
        lambda A, B, C: 2 * torch.trace(A @ B @ C) - (A * A).sum(),
    ),
]

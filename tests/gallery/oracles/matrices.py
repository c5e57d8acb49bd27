"""Matrix calculus."""

from __future__ import annotations

from typing import Any

import torch

from .registry import oracle


@oracle("matrices/trace_of_product")
def trace_of_product(A: Any, X: Any, B: Any) -> Any:
    return torch.trace(A @ X @ B)


@oracle("matrices/quadratic_trace")
def quadratic_trace(X: Any, A: Any, C: Any) -> Any:
    return torch.trace(X.T @ A @ X @ C)


@oracle("matrices/trace_of_inverse")
def trace_of_inverse(A: Any, X: Any, B: Any) -> Any:
    return torch.trace(A @ torch.linalg.inv(X) @ B)


@oracle("matrices/inverse_form")
def inverse_form(a: Any, X: Any, b: Any) -> Any:
    return a @ torch.linalg.solve(X, b)


@oracle("matrices/determinant")
def determinant(X: Any) -> Any:
    return torch.linalg.det(X)


@oracle("matrices/log_determinant")
def log_determinant(X: Any) -> Any:
    return torch.logdet(X)


@oracle("matrices/determinant_of_product")
def determinant_of_product(A: Any, X: Any, B: Any) -> Any:
    return torch.linalg.det(torch.linalg.multi_dot([A, X, B]))


@oracle("matrices/gram_determinant")
def gram_determinant(X: Any) -> Any:
    return 2 * torch.linalg.svdvals(X).log().sum()


@oracle("matrices/residual_norm")
def residual_norm(A: Any, X: Any, B: Any) -> Any:
    return torch.linalg.matrix_norm(A @ X - B) ** 2


@oracle("matrices/squared_matrix_trace")
def squared_matrix_trace(X: Any) -> Any:
    return torch.trace(torch.linalg.matrix_power(X, 2))


@oracle("matrices/cubed_matrix_trace")
def cubed_matrix_trace(X: Any) -> Any:
    return torch.trace(torch.linalg.matrix_power(X, 3))


@oracle("matrices/matrix_square")
def matrix_square(X: Any) -> Any:
    return torch.linalg.matrix_power(X, 2)


@oracle("matrices/frobenius_norm")
def frobenius_norm(X: Any) -> Any:
    return torch.linalg.matrix_norm(X)


@oracle("matrices/squared_singular_values")
def squared_singular_values(X: Any) -> Any:
    return (torch.linalg.svdvals(X) ** 4).sum()


@oracle("matrices/rayleigh_quotient")
def rayleigh_quotient(A: Any, x: Any) -> Any:
    u = x / torch.linalg.vector_norm(x)
    return u @ A @ u


@oracle("matrices/generalised_rayleigh_quotient")
def generalised_rayleigh_quotient(A: Any, C: Any, x: Any) -> Any:
    return (x @ A @ x) / (x @ (C @ C.T) @ x)


@oracle("matrices/sylvester_residual")
def sylvester_residual(A: Any, X: Any, B: Any, C: Any) -> Any:
    return torch.linalg.matrix_norm(A @ X + X @ B - C).square() / 2


@oracle("matrices/inverse_of_sum")
def inverse_of_sum(A: Any, B: Any, u: Any, v: Any, s: Any) -> Any:
    return u @ torch.linalg.solve(A + s * B, v)


@oracle("matrices/kronecker_form")
def kronecker_form(A: Any, B: Any, X: Any) -> Any:
    x = X.reshape(-1)
    return x @ torch.kron(A, B) @ x


@oracle("matrices/symmetric_quadratic_form")
def symmetric_quadratic_form(x: Any, A: Any) -> Any:
    return torch.einsum("i,ij,j->", x, A, x)


@oracle("matrices/symmetric_log_determinant")
def symmetric_log_determinant(X: Any, B: Any) -> Any:
    return torch.linalg.slogdet(X).logabsdet + torch.trace(B.T @ X)


@oracle("matrices/diagonal_product")
def diagonal_product(u: Any, A: Any, v: Any) -> Any:
    return torch.diag(u) @ A @ torch.diag(v)


@oracle("matrices/diagonal_sandwich")
def diagonal_sandwich(A: Any, x: Any, B: Any) -> Any:
    return torch.trace(A @ torch.diag(x) @ B)


@oracle("matrices/hadamard_product")
def hadamard_product(A: Any, X: Any, B: Any) -> Any:
    return torch.trace(A.T @ (X * (B @ X)))


@oracle("matrices/neumann_series")
def neumann_series(X: Any, b: Any) -> Any:
    total = power = b
    for _ in range(3):
        power = X @ power
        total = total + power
    return total


@oracle("matrices/orthogonality_penalty")
def orthogonality_penalty(W: Any) -> Any:
    return torch.linalg.matrix_norm(W.T @ W - torch.eye(W.shape[1], dtype=W.dtype)) ** 2


@oracle("matrices/woodbury_form")
def woodbury_form(x: Any, U: Any, d: Any) -> Any:
    return x @ torch.linalg.solve(torch.diag(d) + U @ U.T, x)

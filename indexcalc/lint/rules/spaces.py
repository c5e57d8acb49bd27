"""Spaces, extents and numbers of slots."""

from __future__ import annotations

from ..registry import page

RULES = (
    page(
        "IX201",
        name="space-clash",
        summary="two different spaces meet in one index, slot or pair",
        why="A space is an index's type. A sum of a batch index with a head index means nothing, even where both "
        "extents happen to be 8, and NumPy would not notice.",
        bad="index b : batch(B)\nindex h : heads(H)\ntensor x[b], w[h]\ny = x[b] w[b]",
        good="index b : batch(B)\ntensor x[b], w[b]\ny = x[b] w[b]",
    ),
    page(
        "IX202",
        name="extent-clash",
        summary="one space is given two extents",
        why="All indices of a space range over the same values.",
        bad="index i : seq(8)\nindex j : seq(9)\ny = x[i] w[i]",
        good="index i, j : seq(8)\ny = x[i] w[i] w[j] x[j]",
    ),
    page(
        "IX203",
        name="rank-mismatch",
        summary="a tensor is used with different numbers of slots",
        why="A tensor has one rank. A missing index is the usual reason.",
        bad="tensor A[i, j]\ny[i] = A[i]",
        good="tensor A[i, j]\ny[i] = A[i, j] x[j]",
    ),
    page(
        "IX204",
        name="symbol-rank",
        summary="δ or ε has the wrong number of slots",
        why="Kronecker's δ has two slots, and the generalised one as many upper as lower ones. ε has as many slots as "
        "its space has dimensions.",
        bad="y[i] = delta[i, j, k] x[j] w[k]",
        good="y[i] = delta[i, j] x[j]",
    ),
    page(
        "IX205",
        name="extent-unknown",
        summary="an extent or an integer is needed that nothing gives",
        why="A sum over an index that its body lacks multiplies by the extent, which must then have a name or a value.",
        bad="y = sum[k](2)",
        good="index k : n(N)\ny = sum[k](2)",
    ),
    page(
        "IX206",
        name="contradicting-attributes",
        summary="a tensor is declared to be two things that exclude each other",
        why="Only zero is symmetric and antisymmetric in slots that meet, so that every formula with such a tensor "
        "would come out as zero. A slot number is the usual slip.",
        bad="tensor T[i, j, k] symmetric(1, 2) antisymmetric(2, 3)\nL = T[i, j, k] x[i] y[j] z[k]",
        good="tensor T[i, j, k, l] symmetric(1, 2) antisymmetric(3, 4)\nL = T[i, j, k, l] x[i] y[j] z[k] w[l]",
    ),
)

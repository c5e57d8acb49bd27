"""GPT-2 as equations, any number of layers: embeddings, pre-norm attention and MLP blocks, tied logits, cross-entropy.

Source: A. Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
"""

from __future__ import annotations

from collections.abc import Callable

import indexcalc as ic

HEAD = """\
index b : batch(B)
index t, s : seq(T)
index c, c' : model(C)
index h : head(H)
index d : head_dim(D)
index f : hidden(F)
index v : vocab(V)
integer tokens[b, t] : vocab
integer targets[b, t] : vocab
tensor tok_emb[v, c], pos_emb[t, c]
x_0[b, t, c] = tok_emb[tokens[b, t], c] + pos_emb[t, c]
"""

LAYER = """\
tensor g1_{n}[c], b1_{n}[c], Wq_{n}[c, h, d], Wk_{n}[c, h, d], Wv_{n}[c, h, d], Wo_{n}[h, d, c]
tensor g2_{n}[c], b2_{n}[c], W1_{n}[c, f], c1_{n}[f], W2_{n}[f, c], c2_{n}[c]
u_{n}[b, t, c] = g1_{n}[c] (x_{m}[b, t, c] - mean[c](x_{m}[b, t, c])) / sqrt(var[c](x_{m}[b, t, c]) + 1e-5) + b1_{n}[c]
Q_{n}[b, h, t, d] = u_{n}[b, t, c] Wq_{n}[c, h, d]
K_{n}[b, h, t, d] = u_{n}[b, t, c] Wk_{n}[c, h, d]
U_{n}[b, h, t, d] = u_{n}[b, t, c] Wv_{n}[c, h, d]
S_{n}[b, h, t, s] = Q_{n}[b, h, t, d] K_{n}[b, h, s, d] / sqrt(D)
P_{n}[b, h, t, s] = softmax[s](where(s <= t, S_{n}[b, h, t, s], -inf))
O_{n}[b, h, t, d] = P_{n}[b, h, t, s] U_{n}[b, h, s, d]
y_{n}[b, t, c] = x_{m}[b, t, c] + O_{n}[b, h, t, d] Wo_{n}[h, d, c]
w_{n}[b, t, c] = g2_{n}[c] (y_{n}[b, t, c] - mean[c](y_{n}[b, t, c])) / sqrt(var[c](y_{n}[b, t, c]) + 1e-5) + b2_{n}[c]
a_{n}[b, t, f] = gelu(w_{n}[b, t, c] W1_{n}[c, f] + c1_{n}[f])
x_{n}[b, t, c] = y_{n}[b, t, c] + a_{n}[b, t, f] W2_{n}[f, c] + c2_{n}[c]
"""

LOSS = """\
tensor gf[c], bf[c]
z[b, t, c] = gf[c] (x_{n}[b, t, c] - mean[c](x_{n}[b, t, c])) / sqrt(var[c](x_{n}[b, t, c]) + 1e-5) + bf[c]
logits[b, t, v] = z[b, t, c] tok_emb[v, c]
loss = mean[b, t](logsumexp[v](logits[b, t, v]) - logits[b, t, targets[b, t]])
output loss
"""


def gpt(layers: int) -> str:
    """The program's text."""
    blocks = [LAYER.format(n=n, m=n - 1) for n in range(1, layers + 1)]
    return HEAD + "".join(blocks) + LOSS.format(n=layers)


def derive_gpt(layers: int) -> Callable[[], object]:
    """The gradients with respect to every parameter."""
    program = ic.parse(gpt(layers))
    parameters = [name for name, tensor in program.inputs.items() if not tensor.is_integer]
    return lambda: ic.grad(program, parameters)

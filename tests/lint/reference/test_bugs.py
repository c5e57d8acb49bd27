"""Real bugs that only a formula shows: each is found where the right formula stands in a comment; the repair passes."""

import pytest

from indexcalc.lint.run import lint

HEAD = "import numpy as np\nimport torch\nfrom einops import rearrange\n"
EINSUM = "out = torch.einsum('{}', {})"

# The bug's number in the corpus: the comment, the code with a gap for the string, and the wrong and the right string.
BUGS = {
    "B011": ("out[n,s,m] = x[c,m] y[n,c,s]", EINSUM, "x, y", "bcs,bcm->bsm", "cm,ncs->nsm"),
    "B012": (
        "kv[b,g,d,e] = K[b,g,n,d] V[b,g,n,e]",
        EINSUM,
        "lin_k, v",
        "bgnd,bgne->bde",
        "bgnd,bgne->bgde",
    ),
    "B013": (
        "out[b,g,n,e] = Q[b,g,n,d] KV[b,g,d,e]",
        EINSUM,
        "lin_q, lin_kv",
        "bgnd,bde->bgne",
        "bgnd,bgde->bgne",
    ),
    "B022": (
        "rearrange 'b (c pw ph) t h w -> b c t (h ph) (w pw)'",
        "out = rearrange({1}, '{0}')",
        "x",
        "b (c ph pw) t h w -> b c t (h ph) (w pw)",
        "b (c pw ph) t h w -> b c t (h ph) (w pw)",
    ),
    "B024": ("r[e,f,m,n] = f_bb[i,n] t2_abab[e,f,m,i]", EINSUM, "f_bb, t2_abab", "in,feim->efmn", "in,efmi->efmn"),
    "B025": ("r[e,f,m,n] = v[e,f,m,n]", EINSUM, "v", "fenm->efmn", "efmn->efmn"),
    "B034": (
        "out[b,h,n,e] = context[b,h,n,d,e] q[b,h,n,d] D_inv[b,h,n]",
        "out = torch.einsum('{0}', context, q{1})",
        {"...nde,...nd->...ne": "", "...nde,...nd,...n->...ne": ", D_inv"},
        "...nde,...nd->...ne",
        "...nde,...nd,...n->...ne",
    ),
    "B035": (
        "b (d j) i -> b i j d",
        "out = rearrange({1}, '{0}')",
        "k_img",
        "b (j d) i -> b i j d",
        "b (d j) i -> b i j d",
    ),
    "B052": ("C[g,m,a,b] = x[b,m] y[a,g]", EINSUM, "x, y", "mg,ab->abmg", "bm,ag->gmab"),
    "B073": ("f[i] = P[i,j] dN_dX[j]", EINSUM, "P, dN_dX", "ij,i->j", "ij,j->i"),
    "B084": (
        "dv[j,i] = sum[k](inputs[j,k] a[j,k] b[k,i])",
        EINSUM,
        "inputs, a, b",
        "ik,jk,ki->ji",
        "jk,jk,ki->ji",
    ),
    "B099": ("y[i] = W[j,i] x[j]", EINSUM, "W, x", "ij,j->i", "ji,j->i"),
}


def source(bug: str, spec: str) -> str:
    comment, code, operands, *_ = BUGS[bug]
    given = operands[spec] if isinstance(operands, dict) else operands
    return f"{HEAD}# ix: {comment}\n{code.format(spec, given)}\n"


def found(text: str):
    return [d for d in lint(text, kind="python") if d.code in ("IX430", "IX431", "IX432", "IX433", "IX434")]


@pytest.mark.parametrize("bug", BUGS)
def test_the_bug_is_found(bug):
    text = source(bug, BUGS[bug][3])
    (finding,) = found(text)
    assert (finding.code, finding.severity) == ("IX430", "error")
    assert text[finding.span.start : finding.span.end] == BUGS[bug][3]
    (label,) = finding.labels
    assert text[label.span.start : label.span.end] == BUGS[bug][0]
    assert finding.why and finding.hint


@pytest.mark.parametrize("bug", BUGS)
def test_the_repair_passes(bug):
    assert [str(d) for d in found(source(bug, BUGS[bug][4]))] == []


@pytest.mark.parametrize("bug", ["B022", "B024", "B025", "B035", "B073", "B084", "B099"])
def test_the_fix_computes_the_formula(bug):
    wrong = BUGS[bug][3]
    (finding,) = found(source(bug, wrong))
    assert finding.fix not in (None, wrong)
    assert not finding.safe
    assert found(source(bug, finding.fix)) == []

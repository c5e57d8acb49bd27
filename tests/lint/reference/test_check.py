"""Findings about `# ix:` comments: where they are, what they say, and when there is none."""

from pathlib import Path

import pytest

from indexcalc.lint.run import lint

HEAD = "import numpy as np\nimport torch\nfrom einops import einsum, rearrange, reduce\n"
SCORES = "S[b,h,i,j] = Q[b,h,i,d] K[b,h,j,d]"
CODES = ("IX430", "IX431", "IX432", "IX433", "IX434")


def found(text, **options):
    return [d for d in lint(HEAD + text, kind="python", **options) if d.code in CODES]


HOLDS = [
    f"# ix: {SCORES}\ns = np.einsum('bhid,bhjd->bhij', q, k)",
    f"s = np.einsum('bhid,bhjd->bhij', q, k)  # ix: {SCORES}",
    f"s = np.einsum(\n    # ix: {SCORES}\n    'bhid,bhjd->bhij', q, k)",
    f"# ix: {SCORES}\n# the scores\ns = np.einsum('bhid,bhjd->bhij', q, k)",
    f"def f(q, k):\n    # ix: {SCORES}\n    return np.einsum('bhjd,bhid->bhij', k, q)",
    f"# ix: {SCORES}\ns = einsum(q, k, 'b h q d, b h k d -> b h q k')",
    f"# ix: {SCORES}\ns = q @ k.transpose(-1, -2)",
    f"# ix: {SCORES}\ns = q @ k.mT",
    f"# ix: {SCORES}\ns = torch.matmul(q, k.permute(0, 1, 3, 2))",
    f"# ix: {SCORES}\ns = np.einsum('...id,...jd->...ij', q, k)",
    f"# ix: {SCORES}\ns = np.einsum(q, [0, 1, 2, 3], k, [0, 1, 4, 3], [0, 1, 2, 4])",
    f"# ix: {SCORES}\ns = (q[..., :, None, :] * k[..., None, :, :]).sum(-1)",
    f"# ix: {SCORES}\ns = dropout(np.einsum('bhid,bhjd->bhij', q, k))",
    f"# ix: {SCORES}\ns = np.einsum('bhid,bhjd->bhij', q, k) * self.scale",
    "# ix: S[i,j] = Q[i,d] K[j,d]\ns = np.einsum('bqhd,bkhd->bhqk', q, k)",
    "# ix: S[i,j] = Q[i,d] K[j,d] / sqrt(D)\ns = q @ k.mT * self.scale",
    "# ix: S[i,j] = Q[i,d] K[j,d] / sqrt(D)\ns = q @ k.mT / math.sqrt(q.shape[-1])",
    "# ix: S[i,j] = Q[i,d] K[j,d] / sqrt(D)\ns = q @ k.mT * q.size(-1) ** -0.5",
    "# ix: index d : head(D)\n# ix: S[i,j] = Q[i,d] K[j,d] / sqrt(D)\ns = q @ k.mT / d_k ** 0.5",
    "# ix: y[b,o] = W[o,k] x[b,k] + c[o]\ny = x @ self.W.T + self.bias",
    "# ix: P[b,i,j] = softmax[j](S[b,i,j])\np = s.softmax(dim=-1)",
    "# ix: S[i,j] = Q[i,d] K[j,d]\n# ix: P[i,j] = softmax[j](S[i,j])\np = (q @ k.mT).softmax(-1)",
    "# ix: ij,jk->ik\nc = np.einsum('ab,bc->ac', x, y)",
    "import numpy as mine\n# ix: y[i] = A[i,j] x[j]\ny = mine.matmul(A, x)",
    "from torch.nn import functional\n# ix: p[i,j] = softmax[j](s[i,j])\np = functional.softmax(s, dim=-1)",
    "# ix: y[j,i] = A[i,j]\ny = np.einsum(A, [10, 9])",  # numbers are sorted as numbers
    "# ix: i j, j k -> i k\nc = np.einsum('ab,bc->ac', x, y)",
    "# ix: rearrange 'b (c p q) -> b c p q'\ny = rearrange(x, 'n (k u v) -> n k u v', u=2, v=2)",
    "# ix: m[b,d] = mean[n](x[b,n,d])\nm = reduce(x, 'b n d -> b d', 'mean')",
    "x: torch.Tensor = np.einsum('ij,j->i', A, v)  # ix: x[i] = A[i,j] v[j]",
    "s = 'no # ix: comment, but text'",
]


@pytest.mark.parametrize("text", HOLDS)
def test_what_holds_is_silent(text):
    assert [str(d) for d in found(text)] == []


FAILS = {
    f"# ix: {SCORES}\ns = np.einsum('bhid,bhjd->bhji', q, k)": "it would with `q` and `k` exchanged",
    f"# ix: {SCORES}\ns = np.einsum('bhid,bhjd->bhij', k, q)": "it would with `q` and `k` exchanged",
    f"# ix: {SCORES}\ns = q @ k": "does not compute the formula",
    f"# ix: {SCORES}\ns = q.transpose(-1, -2) @ k": "does not compute the formula",
    f"# ix: {SCORES}\ns = np.einsum('bhid,bhid->bhi', q, k)": "`S` and `s` have 4 and 3 slots",
    "# ix: S[i,j] = Q[i,d] K[j,d] / sqrt(D)\ns = q @ k.mT": "only the formula reads D",
    "# ix: S[i,j] = Q[i,d] K[j,d] / sqrt(D)\ns = q @ k.mT / math.sqrt(q.shape[-1]) * 2": "does not compute the formula",
    "# ix: P[b,i,j] = softmax[j](S[b,i,j])\np = s.softmax(dim=1)": "does not compute the formula",
    "# ix: P[b,i,j] = softmax[j](S[b,i,j])\np = s.softmax(dim=-2)": "does not compute the formula",
    "# ix: y[b,o] = W[o,k] x[b,k] + c[o]\ny = x @ self.W + self.bias": "does not compute the formula",
    "# ix: ij,jk->ik\nc = np.einsum('ab,cb->ac', x, y)": "does not do what the reference does",
    "# ix: b (c p q) -> b c p q\ny = rearrange(x, 'b (c q p) -> b c p q')": "does not do what the reference does",
    "# ix: m[b,d] = mean[n](x[b,n,d])\nm = reduce(x, 'b n d -> b n', 'mean')": "does not compute the formula",
}


@pytest.mark.parametrize("text", FAILS)
def test_what_fails_is_an_error(text):
    (finding,) = found(text)
    assert (finding.code, finding.severity) == ("IX430", "error")
    assert FAILS[text] in finding.message
    (label,) = finding.labels
    assert (HEAD + text)[label.span.start : label.span.end] in text.split("\n")[0]


def test_functions_are_known_by_what_is_imported():
    """The module before the dot is no array, whatever the file calls it."""
    text = "import torch.nn.functional as fn\n# ix: p[i,j] = softmax[j](s[i,j])\np = fn.softmax({}, dim=-1)"
    assert found(text.format("s")) == []
    assert [d.code for d in found(text.format("s.mT"))] == ["IX430"]


def test_the_finding_in_full():
    text = "# ix: C[i,k] = A[i,j] B[j,k]\nC = np.einsum('ij,kj->ik', A, B)\n"
    assert str(found(text)[0]) == (
        "<input>:5:16: error IX430: this call does not compute the formula\n"
        "   |\n"
        " 4 | # ix: C[i,k] = A[i,j] B[j,k]\n"
        "   |       ~~~~~~~~~~~~~~~~~~~~~~\n"
        "   |       the formula\n"
        " 5 | C = np.einsum('ij,kj->ik', A, B)\n"
        "   |                ^^^^^^^^^\n"
        "   |                computes C[i, k] = A[i, j] B[k, j]\n"
        "  why: for random inputs with i = 2, j = 2, k = 2 the formula gives C[0, 0] = 1, and the code 2.\n"
        "  help: 'ij,jk->ik' computes the formula   [unsafe fix]"
    )


@pytest.mark.parametrize(
    ("comment", "code", "operands", "fix"),
    [
        (SCORES, "bhid,bhdj->bhij", "q, k", "bhid,bhjd->bhij"),
        ("O[i,a] = P[i,j] V[j,a]", "bhji,bhja->bhia", "p, v", "bhij,bhja->bhia"),
        ("O[i,a] = P[i,j] V[j,a]", "...ji,...ja->...ia", "p, v", None),
        ("y[b,i] = W[i,j] x[b,j]", "ij,bi->bj", "W, x", "ji,bi->bj"),
        ("y[i] = W[i,j] x[j]", "ij,j->i", "W.T, x", None),
    ],
)
def test_the_string_that_would_be_right(comment, code, operands, fix):
    text = "# ix: {}\ny = np.einsum('{}', {})"
    (finding,) = found(text.format(comment, code, operands))
    assert finding.fix == fix
    if fix is not None:
        assert not finding.safe
        assert found(text.format(comment, fix, operands)) == []


@pytest.mark.parametrize(
    ("text", "code", "message", "place"),
    [
        ("# ix: y[i] = A[i,j x[j]\ny = A @ x", "IX431", "this `[` is never closed", "["),
        ("# ix: y[i] = A[i,j] x[i]\ny = A @ x", "IX431", "`j` stands once", None),
        ("# ix: A[i,j] x[j] == 0\ny = A @ x", "IX431", "defines nothing", "A[i,j] x[j] == 0"),
        ("# ix: index i : : n\ny = A @ x", "IX431", "cannot be read", ":"),
        ("# ix: ij,j->->i\ny = np.einsum('ij,j->i', A, x)", "IX431", "the spec cannot be read", None),
        ("# ix: y[i] = A[i,j] x[j]\n\ny = A @ x", "IX432", "no statement belongs", "y[i] = A[i,j] x[j]"),
        ("# ix: y[i] = A[i,j] x[j]\ndef f(): pass", "IX432", "no statement belongs", None),
        ("y = A @ x\n# ix: y[i] = A[i,j] x[j]", "IX432", "no statement belongs", None),
        ("# ix: y[i] = A[i,j] x[j]\nimport sys", "IX432", "no statement belongs", None),
        ("# ix: ij,jk->ik\nc = x @ y", "IX432", "no statement belongs", None),
        ("# ix: see gone.idx#y\ny = A @ x", "IX433", "`gone.idx` does not exist", "see gone.idx#y"),
        ("# ix: see /etc/passwd\ny = A @ x", "IX433", "no relative path", None),
        ("# ix: see setup.py#y\ny = A @ x", "IX433", "no file with formulas", None),
        ("# ix: y[i] = A[i,j] x[j]\ny = f(A, x)", "IX434", "what `f(A, x)` computes is not known here", None),
        ("# ix: y[i] = A[i,j] x[j]\ny = A.view(2, -1) @ x", "IX434", "not checked against the formula", None),
    ],
)
def test_what_cannot_be_checked_is_said(text, code, message, place):
    (finding,) = found(text)
    assert finding.code == code
    assert message in finding.message
    assert finding.hint
    if place is not None:
        assert (HEAD + text)[finding.span.start : finding.span.end] == place


def test_severities():
    texts = {"IX434": "# ix: y[i] = 2 x[i]\ny = f(x)", "IX432": "# ix: y[i] = 2 x[i]\n\n"}
    assert {c: found(t)[0].severity for c, t in texts.items()} == {"IX434": "note", "IX432": "warning"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.idx").write_text("S[i,j] = Q[i,d] K[j,d]\nP[i,j] = softmax[j](S[i,j])\n", encoding="utf-8")
    (tmp_path / "paper.tex").write_text(
        r"\begin{equation}\label{eq:scores} S_{ij} = \frac{1}{\sqrt{D}} \sum_d Q_{id} K_{jd} \end{equation}"
        "\n"
        r"\begin{equation}\label{eq:odd} \|x\| \approx 3 \end{equation}",
        encoding="utf-8",
    )
    (tmp_path / "notes.md").write_text("% ix: index i, j : seq\n$$ S_{ij} = Q_{id} K_{jd} $$\n", encoding="utf-8")
    (tmp_path / "broken.idx").write_text("S[i,j = 2", encoding="utf-8")
    return tmp_path


def in_file(folder: Path, comment: str, code: str):
    path = folder / "model.py"
    path.write_text(f"{HEAD}# ix: see {comment}\n{code}\n", encoding="utf-8")
    return [(d.code, d.severity, d.message) for d in lint(path) if d.code in CODES]


@pytest.mark.parametrize("comment", ["model.idx#S", "./model.idx#S"])
def test_a_definition_elsewhere(folder, comment):
    assert in_file(folder, comment, "s = np.einsum('bhid,bhjd->bhij', q, k)") == []
    ((code, _, message),) = in_file(folder, comment, "s = np.einsum('bhid,bhjd->bhij', k, q)")
    assert (code, "`q` and `k` exchanged" in message) == ("IX430", True)


def test_an_equation_elsewhere(folder):
    assert in_file(folder, "paper.tex#eq:scores", "s = q @ k.mT / q.shape[-1] ** 0.5") == []
    assert in_file(folder, "paper.tex#eq:scores", "s = q @ k.mT")[0][0] == "IX430"


def test_the_only_equation_of_a_page(folder):
    assert in_file(folder, "notes.md", "s = q @ k.mT") == []
    assert in_file(folder, "notes.md", "s = q @ k")[0][0] == "IX430"


@pytest.mark.parametrize(
    ("comment", "code", "severity", "message"),
    [
        ("model.idx#T", "IX433", "error", "defines no `T`"),
        ("paper.tex#eq:score", "IX433", "error", "no equation with the label `eq:score`"),
        ("paper.tex#eq:odd", "IX434", "note", "is no formula that can be compared"),
        ("broken.idx#S", "IX433", "error", "cannot be read"),
    ],
)
def test_a_reference_that_leads_nowhere(folder, comment, code, severity, message):
    ((got, how, text),) = in_file(folder, comment, "s = q @ k.mT")
    assert (got, how) == (code, severity)
    assert message in text


def test_many_comments_cost_little():
    """Each is compared by itself: a file with a hundred of them stays linear."""
    text = "".join(f"# ix: y[i] = A[i,j] x[j]\ny{n} = np.einsum('ij,j->i', A, x)\n" for n in range(100))
    assert found(text) == []


def test_the_page_shows_what_is_said():
    page = (Path(__file__).resolve().parents[3] / "docs" / "reference-checks.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    shown = page.split("```text\n")[1].split("```")[0]
    (finding,) = [d for d in lint(code, kind="python") if d.code == "IX430"]
    assert str(finding).replace("<input>", "model.py") == shown.rstrip("\n")


@pytest.mark.parametrize("mark", ["# ix: ignore[IX410]", "#ix:ignore[IX410]", "# ix:\tignore[IX410]"])
def test_a_mark_that_takes_a_finding_back_is_no_formula(mark: str) -> None:
    call = 'import numpy as np\nC = np.einsum("ij,jk->ij", A, B)'
    assert lint(f"{call}  {mark}\n", kind="python") == []
    assert lint(f"{mark.replace('ignore', 'ignore-file')}\n{call}\n", kind="python") == []

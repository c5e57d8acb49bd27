"""What the commands of LaTeX mathematics are: relations, operators, accents, functions, letters.  Tables only."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


EQUALITIES = words(
    r"= := =: \equiv \approx \simeq \cong \coloneqq \eqqcolon \triangleq \doteq \leftarrow \gets \defeq \eqdef \propto"
)
DEFINED_BY = words(r"= := =: \equiv \triangleq \coloneqq \doteq \defeq")
RELATIONS = EQUALITIES | words(
    r"< > \le \leq \ge \geq \leqslant \geqslant \ll \gg \lt \gt \ne \neq \sim \in \notin \subset \subseteq \supset \ni "
    r"\to \rightarrow \longrightarrow \mapsto \longmapsto \mid \perp \prec \succ \preceq \succeq \asymp \lesssim "
    r"\gtrsim \longleftarrow \leftrightarrow \parallel \xrightarrow \models \vdash \hookrightarrow"
)
SEPARATORS = words(
    r"\quad \qquad \implies \Rightarrow \Longrightarrow \iff \Leftrightarrow \Longleftrightarrow \impliedby \forall "
    r"\Leftarrow \therefore \because \where \exists \colon \hspace \wedge\wedge"
)
PLUS = words(r"+ - \pm \mp \oplus \ominus")
TIMES = words(r"* \cdot \times \cdotp \bullet \odot \ast \otimes \wedge \circ \star")
OPERATORS = PLUS | TIMES | {"/"}
BIG = words(
    r"\sum \prod \int \iint \iiint \oint \coprod \bigcup \bigcap \bigoplus \bigotimes \max \min \sup \inf \lim \argmax "
    r"\argmin \limsup \liminf"
)
SUMMING = words(r"\sum \prod \coprod \bigoplus \bigotimes")
INTEGRALS = words(r"\int \iint \iiint \oint")
FUNCTIONS = words(
    r"\sin \cos \tan \cot \sec \csc \sinh \cosh \tanh \coth \arcsin \arccos \arctan \exp \log \ln \lg \det \dim \ker "
    r"\arg \gcd \deg \hom \Pr \Re \Im \sgn"
)
ACCENTS = words(
    r"\hat \bar \tilde \dot \ddot \dddot \vec \widehat \widetilde \overline \underline \check \acute \grave \breve "
    r"\mathring \overrightarrow \overleftarrow \underbar \overbar"
)
FONTS = words(
    r"\mathbf \mathrm \mathcal \mathbb \mathsf \mathfrak \mathit \mathtt \mathscr \bm \boldsymbol \pmb \mathnormal "
    r"\vb \va \symbf \symup \textbf \textit \textsf \mathds \textup"
)
BOLD = words(r"\mathbf \bm \boldsymbol \pmb \vb \va \symbf \bf \vec \textbf \bfseries")
LABELLING = words(
    r"\text \mathrm \textrm \textnormal \textsf \textit \textbf \textup \mathsf \mathtt \operatorname \rm \sf \tt \it "
    r"\mathit \bf \textsc \mathbf \mathnormal \hbox \mbox"
)
SWITCHES = words(r"\rm \bf \it \sf \tt \cal \displaystyle \textstyle \scriptstyle \limits \nolimits \mathstrut \strut")
SKIPPED = SWITCHES | words(
    r"\, \; \: \! \  \> ~ \quad \qquad \nonumber \notag \left. \right. \allowbreak \break \nobreak \hfill \hfil "
    r"\null \relax \centering \noindent \kern \medspace \thinspace \negthinspace \enspace \protect & \\"
)
SIZES = words(r"\big \Big \bigg \Bigg \bigl \bigr \Bigl \Bigr \biggl \biggr \Biggl \Biggr \bigm \middle")
OPENERS = words(r"( [ \{ \lbrace \langle \lfloor \lceil \lvert \lVert \lbrack \llbracket \lparen")
CLOSERS = words(r") ] \} \rbrace \rangle \rfloor \rceil \rvert \rVert \rbrack \rrbracket \rparen")
BARS = words(r"| \| \vert \Vert")
DOTS = words(r"\ldots \cdots \dots \vdots \ddots \dotsc \dotsb \dotsm \dotsi \hdots")
GREEK = {
    "\\" + name: name
    for name in [
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
        "omicron",
        "pi",
        "rho",
        "sigma",
        "tau",
        "upsilon",
        "phi",
        "chi",
        "psi",
        "omega",
        "Gamma",
        "Delta",
        "Theta",
        "Lambda",
        "Xi",
        "Pi",
        "Sigma",
        "Upsilon",
        "Phi",
        "Psi",
        "Omega",
    ]
}
GREEK |= {"\\var" + n: n for n in ("epsilon", "theta", "kappa", "rho", "sigma", "phi", "pi")}
LETTERS = {r"\ell": "ell", r"\imath": "i", r"\jmath": "j", r"\hbar": "hbar", r"\infty": "inf"}
STARS = words(r"* \ast \star \dagger \dag \ddagger \top \intercal \perp \prime \circ \times + - \pm \bot \parallel \|")
SPELT = words(r"\sum \prod \max \min \argmax \argmin") | FUNCTIONS | frozenset(g for g in GREEK if len(g) > 4)
UNICODE = {
    sign: "\\" + name
    for signs, names in (
        ("αβγδεζηθικλμ", "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu"),
        ("νξπρστυφχψω", "nu xi pi rho sigma tau upsilon phi chi psi omega"),
        ("ΓΔΘΛΞΠΣΥΦΨΩ", "Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega"),
        ("≡≈≠≤≥≪≫∈→×·⋅", "equiv approx ne le ge ll gg in to times cdot cdot"),
        ("⊗⊙∇∂∑∏∫∞…⋯†ℓ±′", "otimes odot nabla partial sum prod int infty dots cdots dagger ell pm prime"),
    )
    for sign, name in zip(signs, names.split(), strict=True)
} | {"−": "-"}

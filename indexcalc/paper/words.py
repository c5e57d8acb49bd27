"""Scripts that are words or abbreviations, not indices."""

from __future__ import annotations

from collections.abc import Sequence

from .symbols import words

LABELS = words(
    """in out int ext min max eff ref tot total new old init initial final rel abs reg train test val true pred
  model data mag mech elec kin pot max avg mean std var obs loc glob local global left right top bottom up down
  low high cut crit sat sol liq gas air eq exp iso dev vol vis inv opt best prior post like on off src tgt dst
  key query value head pos neg enc dec emb embed ffn mlp attn hid hidden lin   img txt cls tok seq
   map mle gan rec recon adv aux sup sub reg norm dim dof ini fin inc scat ind dust vac vacuum matter rad
  em grav gr hydro ideal free bound bulk surf wall inlet outlet eff lim diff sum prod tan cot log ln sin cos
  def nom act   xc  dirac pair mol at nuc core val end start next prev last first
  cond conv fluid solid mix ext intern real imag ab tr det inner outer upper lower gate cell forget"""
)


def is_word(letters: Sequence[str]) -> bool:
    """Whether the letters of a script spell a word that labels a symbol.

    >>> is_word(["i", "n"]), is_word(["i", "j"]), is_word(["i"])
    (True, False, False)
    """
    return len(letters) > 1 and "".join(letters).lower() in LABELS

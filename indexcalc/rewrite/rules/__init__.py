"""All rules, one file per family, and the sets that passes use, in order of preference."""

from . import collect, constants, delta, derivative, factor, levi_civita, reductions, sums

FAMILIES = {
    "constants": constants.RULES,
    "delta": delta.RULES,
    "Levi-Civita": levi_civita.RULES,
    "sums": sums.RULES,
    "collect": collect.RULES,
    "factor": factor.RULES,
    "derivative": derivative.RULES,
    "reductions": reductions.RULES,
}
# Contraction comes before anything is pulled out of a sum, multiplying out only where nothing else is left to contract.
UNCOLLECTED = (
    *constants.RULES,
    delta.delta_equal,
    delta.delta_distinct,
    delta.delta_square,
    *levi_civita.RULES,
    sums.sum_zero,
    sums.sum_split,
    delta.delta_contract,
    delta.delta_mean,
    sums.sum_constant,
    sums.sum_factor,
    sums.sum_separate,
    delta.delta_distribute,
    delta.delta_rename,
)
SPREAD = (*UNCOLLECTED, collect.collect_terms)  # like terms are added, sums with shared factors stay apart
SIMPLIFY = (*UNCOLLECTED, *collect.RULES)
DIFFERENTIATE = derivative.RULES + reductions.RULES
FACTOR = factor.RULES
DERIVE = (*DIFFERENTIATE, *SIMPLIFY)
ALL = tuple(r for family in FAMILIES.values() for r in family)

__all__ = ["ALL", "DERIVE", "DIFFERENTIATE", "FACTOR", "FAMILIES", "SIMPLIFY", "SPREAD", "UNCOLLECTED"]

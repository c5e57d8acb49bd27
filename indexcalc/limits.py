"""Documented limits.  Beyond them an input is refused with code IX009, never answered slowly or by a crash."""

MAX_CHARACTERS = 2_000_000  # source text of one file
MAX_NOTEBOOK = 64_000_000  # bytes of a notebook's file: images and other outputs, which are not looked at
MAX_TERMS = 200_000  # terms of one sum, factors of one product
MAX_DEPTH = 100  # brackets and operators nested in one expression; every walk may recurse this deep
MAX_WRITTEN_DEPTH = 120  # the same, once calls of declared functions are written out
MAX_RANK = 32  # slots of one tensor
MAX_DIGITS = 400  # digits or decimal exponent of a number
MAX_BITS = 12_000  # of a number that is computed: Python prints no more than 4300 digits
MAX_SYMMETRISED = 6  # slots in T[(…)] or T[[…]]: n! terms
MAX_INTERMEDIATE = 2**32  # elements of an intermediate of a contraction, where some order has none that is larger
MAX_ELEMENTS = 2**48  # of an intermediate of a contraction, whatever the order

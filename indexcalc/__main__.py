"""`python -m indexcalc` is the `indexcalc` command."""

from .cli.main import main

if __name__ == "__main__":
    main()

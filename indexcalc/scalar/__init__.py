"""The bridge to SymPy: expressions there and back.  The only part that imports SymPy, and only when it is called."""

from .torch_cases import Case
LAYERS: list[Case] = []

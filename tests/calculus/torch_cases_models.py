from .torch_cases import Case
MODELS: list[Case] = []

"""Models made of models: steps in a row, transformers side by side, features chosen and named."""

from .func import FuncTransformer
from .grouper import Grouper
from .pipeline import Pipeline, learn_during_predict
from .product import TransformerProduct
from .renamer import Prefixer, Renamer, Suffixer
from .select import Discard, Select, SelectType
from .target_transform import TargetTransformRegressor
from .union import TransformerUnion

__all__ = [
    "Discard",
    "FuncTransformer",
    "Grouper",
    "Pipeline",
    "Prefixer",
    "Renamer",
    "Select",
    "SelectType",
    "Suffixer",
    "TargetTransformRegressor",
    "TransformerProduct",
    "TransformerUnion",
    "learn_during_predict",
]

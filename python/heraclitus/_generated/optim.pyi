import typing

from .. import _kinds, base, optim
from ..optim import base as optim_base

class SGD(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.01,
    ) -> None: ...

class Momentum(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    rho: float
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        rho: float = 0.9,
    ) -> None: ...

class NesterovMomentum(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    rho: float
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        rho: float = 0.9,
    ) -> None: ...

class AdaGrad(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    eps: float
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        eps: float = 1e-8,
    ) -> None: ...

class AdaDelta(_kinds.Optimizer, optim_base.Optimizer):
    rho: float
    eps: float
    def __init__(
        self,
        rho: float = 0.95,
        eps: float = 1e-8,
    ) -> None: ...

class RMSProp(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    rho: float
    eps: float
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        rho: float = 0.9,
        eps: float = 1e-8,
    ) -> None: ...

class Adam(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    beta_1: float
    beta_2: float
    eps: float
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
    ) -> None: ...

class AdaMax(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    beta_1: float
    beta_2: float
    eps: float
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
    ) -> None: ...

class AMSGrad(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    beta_1: float
    beta_2: float
    eps: float
    correct_bias: bool
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
        correct_bias: bool = True,
    ) -> None: ...

class Nadam(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    beta_1: float
    beta_2: float
    eps: float
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
    ) -> None: ...

class AdaBound(_kinds.Optimizer, optim_base.Optimizer):
    lr: float | optim.base.Scheduler
    beta_1: float
    beta_2: float
    eps: float
    gamma: float
    final_lr: float
    def __init__(
        self,
        lr: float | optim.base.Scheduler = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
        gamma: float = 0.001,
        final_lr: float = 0.1,
    ) -> None: ...

class FTRLProximal(_kinds.Optimizer, optim_base.Optimizer):
    alpha: float
    beta: float
    l1: float
    l2: float
    def __init__(
        self,
        alpha: float = 0.05,
        beta: float = 1.0,
        l1: float = 0.0,
        l2: float = 1.0,
    ) -> None: ...

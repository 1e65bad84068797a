import typing

from .. import _native, base, optim
from .._shell import Shell

class OneVsRestClassifier(Shell, _native.Classifier, base.Wrapper, base.Classifier):
    classifier: base.Base | None
    def __init__(
        self,
        classifier: base.Base | None,
    ) -> None: ...

class OneVsOneClassifier(Shell, _native.Classifier, base.Wrapper, base.Classifier):
    classifier: base.Base | None
    def __init__(
        self,
        classifier: base.Base | None,
    ) -> None: ...

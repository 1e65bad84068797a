import typing

from .. import _kinds, base, optim

class OneVsRestClassifier(_kinds.Classifier, base.Wrapper, base.Classifier):
    classifier: base.Base | None
    def __init__(
        self,
        classifier: base.Base | None,
    ) -> None: ...

class OneVsOneClassifier(_kinds.Classifier, base.Wrapper, base.Classifier):
    classifier: base.Base | None
    def __init__(
        self,
        classifier: base.Base | None,
    ) -> None: ...

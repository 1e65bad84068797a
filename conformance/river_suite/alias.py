"""Makes `import river` give our package, for River's tests and checks as they stand.

`river` and every `river.x.y` are the same module objects as `heraclitus` and `heraclitus.x.y`, so
that a class has one identity under both names. Three things are not ours:

- `river.checks`, River's own conformance checks, and `river.datasets`, its data and their readers,
  come from River's wheel. What they import from River is ours; a name that we do not have is
  River's own (a family we lack has no members of ours, so that `isinstance` is false).
- `_rivers_own` is the whole of River's wheel under another name, which lends those names and holds
  the docstrings. None of its modules sees ours.
- One of River's test files names classes only to leave them out. Those that we lack are empty
  placeholders there, listed in LENT; otherwise one missing name would hide four thousand tests.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

OWN = "_rivers_own"
RUST = "_river_rust"
LOANS = ("river.checks", "river.datasets")
BORROWER = "tests.test_estimators"
# Named by that file in its list of what it does not test, and nowhere else.
LENT = frozenset({
    "compat.river_to_sklearn.River2SKLBase",
    "compose.FuncTransformer",
    "compose.Grouper",
    "compose.Prefixer",
    "compose.Renamer",
    "compose.Suffixer",
    "compose.TargetTransformRegressor",
    "compose.TransformerProduct",
    "feature_extraction.Agg",
    "feature_extraction.TargetAgg",
    "feature_selection.PoissonInclusion",
    "imblearn.RandomOverSampler",
    "imblearn.RandomSampler",
    "imblearn.RandomUnderSampler",
    "misc.ZstdClassifier",
    "model_selection.SuccessiveHalvingClassifier",
    "neighbors.LazySearch",
    "preprocessing.OneHotEncoder",
    "preprocessing.StatImputer",
})

# What was lent or borrowed, as dotted names, for the report.
used: set[str] = set()
_import = builtins.__import__


def under(name: str, package: str) -> bool:
    """Whether a dotted name is the package or below it."""
    return name == package or name.startswith(package + ".")


class Finder:
    """Finds `river…` in our package and `_rivers_own` in River's wheel."""

    def __init__(self, ours: str | None, own: Path) -> None:
        self.ours, self.own = ours, own

    def find_spec(self, name: str, path=None, target=None) -> ModuleSpec | None:
        if name == OWN:
            return self.in_wheel(name, self.own / "river")
        if name == f"{OWN}.{RUST}":
            return ModuleSpec(name, RustLoader(self.own, shared=self.ours is None))
        if self.ours is None or not under(name, "river"):
            return None
        if name in LOANS:
            return self.in_wheel(name, self.own.joinpath(*name.split(".")))
        if any(under(name, loan) for loan in LOANS):
            return None  # found beside its package, as usual
        real = self.ours + name.removeprefix("river")
        try:
            found = importlib.util.find_spec(real)
        except ModuleNotFoundError:
            found = None
        return None if found is None else ModuleSpec(name, Loader(real), is_package=True)

    @staticmethod
    def in_wheel(name: str, folder: Path) -> ModuleSpec | None:
        return importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )


class Half(ModuleType):
    """What `river.x` is while `heraclitus.x` is being imported: as much as there is of it."""

    def __init__(self, name: str, real: str) -> None:
        super().__init__(name)
        self.__dict__["_real"] = real

    def __getattr__(self, name: str):
        real = self.__dict__["_real"]
        try:
            return getattr(sys.modules[real], name)
        except (KeyError, AttributeError):
            raise AttributeError(f"{real} has no {name}, or not yet") from None


class Loader:
    """Puts the module of our package in place of the new one."""

    def __init__(self, real: str) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return Half(spec.name, self.real)

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = importlib.import_module(self.real)
        mirror(self.real.partition(".")[0])


def mirror(ours: str) -> None:
    """Give every module of ours that there is its other name.

    Importing one under that name makes it an attribute of its package once more, which would put
    the module `stream.iter_csv` in the place of the function.
    """
    for real in [name for name in sys.modules if name.startswith(ours + ".")]:
        name = "river" + real.removeprefix(ours)
        if not any(under(name, loan) for loan in LOANS):
            sys.modules.setdefault(name, sys.modules[real])


class RustLoader:
    """Loads River's extension, which names its submodules `river.…` whatever it is called."""

    def __init__(self, own: Path, shared: bool) -> None:
        self.own, self.shared = own, shared

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        name = f"river.{RUST}"
        if self.shared:
            importlib.import_module(name)
        else:
            spec = PathFinder.find_spec(name, [str(self.own / "river")])
            sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[name])
        for key in [key for key in sys.modules if under(key, name)]:
            sys.modules[OWN + key.removeprefix("river")] = sys.modules[key]
            if not self.shared:
                del sys.modules[key]  # nobody but River's own modules shall find it


class View(ModuleType):
    """Our module where it has the name, else what `other` says."""

    def __init__(self, name: str, ours: ModuleType | None, other) -> None:
        super().__init__(name)
        self.__dict__.update(_ours=ours, _other=other)

    def __getattr__(self, name: str):
        ours = self.__dict__["_ours"]
        try:
            return getattr(ours, name)
        except (AttributeError, ModuleNotFoundError):  # a package may import what is asked for
            return self.__dict__["_other"](name)


def rivers_own(module: str):
    """What a module of River's own wheel has, and a note that it was asked for."""

    def get(name: str):
        path = f"{module}.{name}".removeprefix("river.")
        own = importlib.import_module(OWN + module.removeprefix("river"))
        if not hasattr(own, name):
            try:
                importlib.import_module(f"{own.__name__}.{name}")
            except ModuleNotFoundError:
                raise AttributeError(f"River has no {path}") from None
        used.add(f"borrowed {path}")
        return getattr(own, name)

    return get


def placeholders(module: str):
    """Empty classes under the lent names; modules that lead to them."""

    def get(name: str):
        path = f"{module}.{name}".removeprefix("river").removeprefix(".")
        if path in LENT:
            used.add(f"placeholder {path}")
            return type(name, (), {"__module__": module})
        raise AttributeError(f"our package has no {path}")

    return get


def find(module: str) -> ModuleType | None:
    """The module, or None where our package has none of that name."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not under(module, error.name.replace("heraclitus", "river")):
            raise
        return None


def lend_import(name: str, names: tuple[str, ...], lender) -> ModuleType:
    """`from name import names` for somebody who is lent what we lack."""
    ours = find(name)
    view = View(name, ours, lender(name))
    if name == "river":
        for child in names:
            module = find(f"river.{child}")
            leads = any(path.startswith(child + ".") for path in LENT)
            if lender is placeholders and (module is not None or leads):
                view.__dict__[child] = View(child, module, placeholders(f"river.{child}"))
            elif module is not None:
                view.__dict__[child] = module
    return view


def import_for(name, globals=None, locals=None, fromlist=(), level=0):
    """`__import__` that knows who asks."""
    if level or not under(name, "river"):
        return _import(name, globals, locals, fromlist, level)
    asks = (globals or {}).get("__name__", "")
    if under(asks, OWN):
        return _import(OWN + name.removeprefix("river"), globals, locals, fromlist, 0)
    if "river" in sys.modules:
        mirror(sys.modules["river"].__name__)
    for child in fromlist or ():
        if f"{name}.{child}" in LOANS:
            # An attribute of our package; ours of that name, imported later, took its place.
            setattr(sys.modules[name], child, importlib.import_module(f"{name}.{child}"))
    if not fromlist or any(under(name, loan) for loan in LOANS) or "*" in fromlist:
        return _import(name, globals, locals, fromlist, 0)
    if any(under(asks, loan) for loan in LOANS):
        return lend_import(name, fromlist, rivers_own)
    if asks == BORROWER:
        return lend_import(name, fromlist, placeholders)
    return _import(name, globals, locals, fromlist, 0)


def import_within_own(name, globals=None, locals=None, fromlist=(), level=0):
    """`__import__` where `river` is River itself: only the second copy is kept apart."""
    if not level and under(name, "river") and under((globals or {}).get("__name__", ""), OWN):
        name = OWN + name.removeprefix("river")
    return _import(name, globals, locals, fromlist, level)


def install(ours: str | None, own: Path) -> None:
    """From now on `river` is `ours`; with None it stays what the path says."""
    sys.meta_path.insert(0, Finder(ours, own))
    builtins.__import__ = import_within_own if ours is None else import_for

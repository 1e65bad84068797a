"""People who ask for a loan."""

from __future__ import annotations

import random
import typing
from collections.abc import Callable

from ._rules import RuleDataset

Rule = Callable[..., int]


def _by_age(young: Rule, middle: Rule, old: Rule) -> Rule:
    """A rule for each age: under 40, under 60, and above."""

    def rule(salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan):
        chosen = young if age < 40 else middle if age < 60 else old
        return int(chosen(salary, commission, elevel, loan))

    return rule


def _salary(low: float, high: float) -> Rule:
    return lambda salary, commission, elevel, loan: low <= salary <= high


def _income(low: float, high: float) -> Rule:
    return lambda salary, commission, elevel, loan: low <= salary + commission <= high


def _level(*levels: int) -> Rule:
    return lambda salary, commission, elevel, loan: elevel in levels


def _loan(low: float, high: float) -> Rule:
    return lambda salary, commission, elevel, loan: low <= loan <= high


def _if(condition: Rule, then: Rule, otherwise: Rule) -> Rule:
    return lambda *person: then(*person) if condition(*person) else otherwise(*person)


def _middle_of_rule_4(salary, commission, elevel, loan):
    # As River has it: the first bound is one of the salary.
    return 200_000 <= salary and loan <= 400_000


def _disposable(of_loan: float, of_level: float, of_equity: float, base: float) -> Rule:
    """1 when nothing is left of the income."""

    def rule(salary, commission, age, elevel, car, zipcode, hvalue, hyears, loan):
        equity = hvalue * (hyears - 20) / 10 if hyears >= 20 else 0
        left = 2 * (salary + commission) / 3
        if of_level:
            left -= of_level * elevel
        if of_loan:
            left -= loan / of_loan
        if of_equity:
            left += equity / of_equity
        return int(left - base <= 1)

    return rule


def _young_or_old(salary, commission, age, *rest):
    return int(age < 40 or age >= 60)


class Agrawal(RuleDataset):
    """Whether a person gets a loan, by one of ten rules over nine features.

    Parameters
    ----------
    classification_function
        Which rule, from 0 to 9.
    seed
        Fixes the numbers.
    balance_classes
        Whether the classes take turns.
    perturbation
        By how much numbers are blurred after the class is known, between 0 and 1.

    Examples
    --------

    >>> from heraclitus.datasets import synth
    >>> [y for _, y in synth.Agrawal(classification_function=0, seed=42).take(5)]
    [1, 1, 0, 1, 1]
    """

    _RULES = (
        _young_or_old,
        _by_age(_salary(50e3, 100e3), _salary(75e3, 125e3), _salary(25e3, 75e3)),
        _by_age(_level(0, 1), _level(1, 2, 3), _level(2, 3, 4)),
        _by_age(
            _if(_level(0, 1), _salary(25e3, 75e3), _salary(50e3, 100e3)),
            _if(_level(1, 2, 3), _salary(50e3, 100e3), _salary(75e3, 125e3)),
            _if(_level(2, 3, 4), _salary(50e3, 100e3), _salary(25e3, 75e3)),
        ),
        _by_age(
            _if(_salary(50e3, 100e3), _loan(100e3, 300e3), _salary(200e3, 400e3)),
            _if(_salary(75e3, 125e3), _middle_of_rule_4, _salary(300e3, 500e3)),
            _if(_salary(25e3, 75e3), _loan(300e3, 500e3), _loan(75e3, 300e3)),
        ),
        _by_age(_income(50e3, 100e3), _income(75e3, 125e3), _income(25e3, 75e3)),
        _disposable(of_loan=5, of_level=0, of_equity=0, base=20_000),
        _disposable(of_loan=0, of_level=5000, of_equity=0, base=20_000),
        _disposable(of_loan=5, of_level=5000, of_equity=0, base=10_000),
        _disposable(of_loan=0, of_level=5000, of_equity=5, base=10_000),
    )

    n_num_features = 6
    n_cat_features = 3

    def __init__(
        self,
        classification_function: int = 0,
        seed: int | None = None,
        balance_classes: bool = False,
        perturbation: float = 0.0,
    ) -> None:
        super().__init__(classification_function, seed, balance_classes, n_features=9)
        if not 0.0 <= perturbation <= 1.0:
            raise ValueError(f"perturbation is {perturbation}, it must be between 0 and 1")
        self.perturbation = perturbation

    def _draw(self, rng: random.Random) -> dict[typing.Any, typing.Any]:
        x: dict[typing.Any, typing.Any] = {"salary": 20_000 + 130_000 * rng.random()}
        x["commission"] = 0 if x["salary"] >= 75_000 else 10_000 + 75_000 * rng.random()
        x["age"] = rng.randint(20, 80)
        x["elevel"] = rng.randint(0, 4)
        x["car"] = rng.randint(1, 20)
        x["zipcode"] = rng.randint(0, 8)
        x["hvalue"] = (8 - x["zipcode"]) * 100_000 * (0.5 + rng.random())
        x["hyears"] = rng.randint(1, 30)
        x["loan"] = rng.random() * 500_000
        return x

    def _finish(self, x: dict[typing.Any, typing.Any], rng: random.Random) -> None:
        if self.perturbation == 0.0:
            return

        def blurred(name: str, low: float, high: float, width: float | None = None) -> float:
            width = high - low if width is None else width
            value = x[name] + width * (2 * (rng.random() - 0.5)) * self.perturbation
            return low if value < low else high if value > high else value

        x["salary"] = blurred("salary", 20_000, 150_000)
        if x["commission"] > 0:
            x["commission"] = blurred("commission", 10_000, 75_000)
        x["age"] = round(blurred("age", 20, 80))
        x["hvalue"] = blurred("hvalue", (9 - x["zipcode"]) * 100_000, 0, 135_000)
        x["hyears"] = round(blurred("hyears", 1, 30))
        x["loan"] = blurred("loan", 0, 500_000)

"""Streams that are made up: River's numbers, the same each time."""

import itertools
import zipfile

import pytest

from heraclitus.datasets import base, synth


def total(stream, n=200):
    """A sum over features and targets, in which each place counts differently."""
    events = list(stream.take(n))
    return sum(sum((i + 1) * v for i, v in enumerate(x.values())) + 100 * y for x, y in events)


# Recorded from River 0.26.1.
RECORDED = [
    ("SEA", {"variant": 3, "noise": 0.2, "seed": 7}, 16539.003880865374),
    ("Friedman", {"seed": 7}, 291404.82773151144),
    (
        "FriedmanDrift",
        {"drift_type": "lea", "position": (40, 80, 120), "seed": 7},
        283755.62663278275,
    ),
    ("FriedmanDrift", {"drift_type": "gra", "position": (50, 150), "seed": 7}, 292932.20371968165),
    (
        "FriedmanDrift",
        {"drift_type": "gsg", "position": (50, 120), "transition_window": 60, "seed": 7},
        295714.1798035054,
    ),
    (
        "Hyperplane",
        {"seed": 7, "n_features": 5, "mag_change": 0.1, "sigma": 0.3, "noise_percentage": 0.2},
        12586.663502237556,
    ),
    ("Planes2D", {"seed": 7}, -4496.811489161045),
    (
        "Sine",
        {"classification_function": 2, "seed": 7, "balance_classes": True, "has_noise": True},
        10953.62593327622,
    ),
    ("STAGGER", {"classification_function": 1, "seed": 7, "balance_classes": True}, 11191),
    ("Waveform", {"seed": 7, "has_noise": True}, 101115.86618208996),
    ("LED", {"seed": 7, "noise_percentage": 0.3, "irrelevant_features": True}, 114781),
    ("Agrawal", {"classification_function": 0, "seed": 7, "perturbation": 0.1}, 1056769779.3663528),
    ("Agrawal", {"classification_function": 1, "seed": 7, "perturbation": 0.1}, 1056764179.3663528),
    ("Agrawal", {"classification_function": 2, "seed": 7, "perturbation": 0.1}, 1056766979.3663528),
    ("Agrawal", {"classification_function": 3, "seed": 7, "perturbation": 0.1}, 1056764979.3663528),
    ("Agrawal", {"classification_function": 4, "seed": 7, "perturbation": 0.1}, 1056759379.3663528),
    ("Agrawal", {"classification_function": 5, "seed": 7, "perturbation": 0.1}, 1056764879.3663528),
    ("Agrawal", {"classification_function": 6, "seed": 7, "perturbation": 0.1}, 1056766879.3663528),
    ("Agrawal", {"classification_function": 7, "seed": 7, "perturbation": 0.1}, 1056756579.3663528),
    ("Agrawal", {"classification_function": 8, "seed": 7, "perturbation": 0.1}, 1056766879.3663528),
    ("Agrawal", {"classification_function": 9, "seed": 7, "perturbation": 0.1}, 1056756379.3663528),
    ("ConceptDriftStream", {"position": 100, "width": 30, "seed": 7}, 958685448.6398757),
]


@pytest.mark.parametrize("name, params, want", RECORDED)
def test_numbers_are_those_of_river(name, params, want):
    stream = getattr(synth, name)(**params)
    assert total(stream) == pytest.approx(want, rel=1e-12)


def test_a_stream_can_be_paused_and_begun_anew():
    stream = synth.Agrawal(seed=1, perturbation=0.1, balance_classes=True)
    running = iter(stream)
    parts = [*itertools.islice(running, 3), *itertools.islice(running, 2)]
    assert parts == list(stream.take(5)) and [y for _, y in parts] == [1, 0, 1, 0, 1]


def test_parameters_are_refused_by_name():
    for make, what in (
        (lambda: synth.SEA(variant=4), "variant is 4"),
        (lambda: synth.Sine(classification_function=4), "classification_function 4"),
        (lambda: synth.Hyperplane(sigma=2), "sigma is 2"),
        (lambda: synth.FriedmanDrift("gra", position=(2, 1)), "must rise"),
        (lambda: synth.ConceptDriftStream(alpha=0), "alpha is 0"),
    ):
        with pytest.raises(ValueError, match=what):
            make()


def test_a_change_far_ahead_does_not_overflow():
    stream = synth.ConceptDriftStream(position=10**6, width=1, seed=1)
    assert list(stream.take(3)) == list(synth.Agrawal(seed=1).take(3))


def test_a_file_is_fetched_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HERACLITUS_DATA", str(tmp_path / "home"))
    with zipfile.ZipFile(tmp_path / "rows.zip", "w") as archive:
        archive.writestr("rows.txt", "1\n2\n")

    class Rows(base.RemoteDataset):
        """Two rows."""

        def __init__(self, size):
            url = (tmp_path / "rows.zip").as_uri()
            super().__init__(url, size, filename="rows.txt", task=base.REG, n_features=1)

        def _iter(self):
            for line in self.path.read_text().splitlines():
                yield {"n": int(line)}, 0.0

    assert [x["n"] for x, _ in Rows(4)] == [1, 2]
    (tmp_path / "rows.zip").unlink()
    assert len(list(Rows(4))) == 2 and repr(Rows(4)).startswith("Two rows.\n\n")
    with pytest.raises(OSError):
        list(Rows(5))

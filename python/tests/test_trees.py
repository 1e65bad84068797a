"""Trees as nodes, frames, words and pictures."""

from __future__ import annotations

import sys
import types

import pytest

from heraclitus import forest, tree


def grown(**params):
    model = tree.HoeffdingTreeClassifier(grace_period=20, delta=0.01, **params)
    for i in range(400):
        a, b = (i * 37 % 100) / 100, "uvw"[i * 7 % 3]
        model.learn_one({"a": a, "b": b}, "yes" if a > 0.5 and b != "u" else "no")
    return model


def test_the_nodes_are_those_that_the_core_counts():
    model = grown()
    root = model._root
    assert root.n_nodes == model.n_nodes > 3
    assert root.n_leaves == model.n_leaves
    assert root.height == model.height
    assert [node.total_weight for node in root.iter_bfs()][0] == sum(
        leaf.total_weight for leaf in root.iter_leaves()
    )


def test_the_way_of_an_event_is_told_line_by_line():
    model = grown(max_depth=1)
    told = model.debug_one({"a": 0.9, "b": "v"})
    first, says, *shares = told.splitlines()
    assert first.startswith(("a >", "b ="))
    assert says.startswith("Class ")
    assert all(line.startswith("\tP(") for line in shares)
    assert tree.HoeffdingTreeClassifier().debug_one({}) is None


def test_an_event_without_the_feature_goes_the_way_of_most():
    model = grown(max_depth=1)
    place, leaf = model._root.most_common_path()
    assert repr(leaf) in model.debug_one({})
    assert model._root.repr_branch(place) in model.debug_one({})
    assert list(model._root.walk({}, until_leaf=False))[0].depth == 0


def test_a_number_is_the_name_of_a_feature():
    model = tree.HoeffdingTreeRegressor(grace_period=20)
    for i in range(200):
        model.learn_one({3: i % 10}, float(i % 10 > 4))
    assert model.debug_one({3: 9}).startswith("3 > ")


def test_a_frame_has_a_row_for_each_node():
    pytest.importorskip("pandas")
    model = grown()
    frame = model.to_dataframe()
    assert len(frame) == model.n_nodes
    assert frame["is_leaf"].sum() == model.n_leaves
    assert tree.HoeffdingTreeClassifier().to_dataframe() is None


class Digraph:
    def __init__(self, **_):
        self.nodes, self.edges = {}, []

    def node(self, name, text, **look):
        self.nodes[name] = (text, look)

    def edge(self, above, below, xlabel):
        self.edges.append((above, below, xlabel))


def test_a_picture_has_a_box_for_each_node(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", types.SimpleNamespace(Digraph=Digraph))
    model = grown()
    dot = model.draw()
    assert len(dot.nodes) == model.n_nodes == len(dot.edges) + 1
    assert list(model.draw(max_depth=0).nodes) == ["0"]
    with pytest.raises(ValueError, match="nothing to draw"):
        tree.HoeffdingTreeClassifier().draw()


def test_a_picture_without_the_library_says_what_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ValueError, match="pip install graphviz"):
        grown().draw()


def test_splitters_are_objects():
    model = grown(splitter=tree.splitter.HistogramSplitter(n_bins=20))
    assert model.height > 1
    assert model.clone().splitter.n_bins == 20
    assert "GaussianSplitter" in repr(tree.HoeffdingTreeClassifier())
    assert not tree.splitter.QOSplitter().is_target_class
    with pytest.raises(ValueError, match="splitter"):
        tree.HoeffdingTreeRegressor(splitter=tree.splitter.GaussianSplitter())
    forest.ARFClassifier(splitter=tree.splitter.ExhaustiveSplitter())

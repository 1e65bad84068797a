"""Drawings of models for notebooks: boxes in boxes, without a script.

The classes of the boxes are named as River names them, so a style sheet for its drawings fits
these too.
"""

from __future__ import annotations

import inspect
import textwrap
import typing
from xml.etree import ElementTree as ET

from . import _repr
from .wrapper import Wrapper

if typing.TYPE_CHECKING:
    from .estimator import Estimator


def card(obj: Estimator) -> str:
    """The HTML of a model with the style that it needs."""
    div = ET.Element("div", {"class": "river-card"})
    ET.SubElement(div, "style").text = CSS
    div.append(to_html(obj))
    return ET.tostring(div, encoding="unicode", method="html")


def to_html(obj: Estimator) -> ET.Element:
    """The box of a model, with the boxes of its parts in it."""
    from heraclitus import compose

    # Asked of the class: `isinstance` would see through a pipeline.
    kind = type(obj)
    if issubclass(kind, compose.Pipeline):
        return _pipeline_to_html(obj)
    if issubclass(kind, compose.TransformerUnion):
        return _union_to_html(obj)
    if issubclass(kind, Wrapper):
        return _wrapper_to_html(obj)
    return _estimator_to_html(obj)


def _estimator_to_html(estimator: typing.Any) -> ET.Element:
    return _details(estimator, str(estimator), "river-component river-estimator")


def _pipeline_to_html(pipeline: typing.Any) -> ET.Element:
    div = ET.Element("div", {"class": "river-component river-pipeline"})
    div.extend(to_html(step) for step in pipeline.steps.values())
    return div


def _union_to_html(union: typing.Any) -> ET.Element:
    div = ET.Element("div", {"class": "river-component river-union"})
    ET.SubElement(div, "span", {"class": "river-estimator-name"}).text = type(union).__name__
    div.extend(to_html(part) for part in union.transformers.values())
    return div


def _wrapper_to_html(wrapper: typing.Any) -> ET.Element:
    div = ET.Element("div", {"class": "river-component river-wrapper"})
    div.append(_details(wrapper, type(wrapper).__name__, "river-details"))
    div.append(to_html(wrapper._wrapped_model))
    return div


def _details(estimator: typing.Any, title: str, css_class: str) -> ET.Element:
    """A title that opens to show the parameters."""
    details = ET.Element("details", {"class": css_class})
    summary = ET.SubElement(details, "summary", {"class": "river-summary"})
    name = ET.SubElement(summary, "span", {"class": "river-estimator-name"})
    name.text = title if len(title) <= 40 else f"{title[:39]}\u2026"
    params = ET.SubElement(details, "div", {"class": "river-estimator-params"})
    if source := _source(estimator):
        ET.SubElement(params, "pre").text = source
        return details
    rows = list(_rows(estimator))
    if not rows:
        params.text = "no parameters"
    for key, value in rows:
        ET.SubElement(params, "code", {"class": "river-param-name"}).text = key
        ET.SubElement(params, "code", {"class": "river-param-value"}).text = value
    return details


def _rows(estimator: typing.Any) -> typing.Iterator[tuple[str, str]]:
    # The model inside of a wrapper has a box of its own.
    inside = estimator._wrapped_model if isinstance(estimator, Wrapper) else None
    for name, param in inspect.signature(estimator.__init__).parameters.items():
        value = getattr(estimator, name, None)
        if param.kind == param.VAR_KEYWORD:
            yield from ((key, _repr.repr_value(of)) for key, of in (value or {}).items())
        elif value is None or value is not inside:
            yield name, _repr.repr_value(value)


def _source(estimator: typing.Any) -> str | None:
    """What a function says that is used as a transformer, if its source is at hand."""
    from heraclitus import compose

    if type(estimator) is not compose.FuncTransformer:
        return None
    try:
        return textwrap.dedent(inspect.getsource(estimator.func))
    except (OSError, TypeError):
        return None


# No colour is fixed: all are made from the notebook's own text colour, be it light or dark.
CSS = """
.river-card {
    overflow-x: auto;
}

.river-pipeline {
    display: flex;
    flex-direction: column;
    align-items: flex-start;
}

.river-union,
.river-wrapper,
.river-estimator {
    box-sizing: border-box;
    max-width: max-content;
    padding: 0.4em 0.8em;
    border: 1px solid;
    border-color: rgba(128, 128, 128, 0.6);
    border-radius: 6px;
    background: rgba(128, 128, 128, 0.08);
}

.river-wrapper {
    display: flex;
    flex-direction: column;
}

.river-union {
    display: flex;
    flex-direction: column;
}

/* Steps follow one another with a line between them. */

.river-pipeline > .river-component + .river-component {
    position: relative;
    margin-top: 1.2em;
}

.river-pipeline > .river-component + .river-component::before {
    content: "";
    position: absolute;
    left: 1.4em;
    top: -1.2em;
    height: 1.2em;
    border-left: 2px solid rgba(128, 128, 128, 0.6);
}

.river-union > .river-component,
.river-wrapper > .river-component {
    margin-top: 0.5em;
}

.river-union > .river-component + .river-component {
    margin-top: 1em;
}

.river-summary {
    cursor: pointer;
}

.river-estimator-name {
    font-family: monospace;
    font-weight: 600;
}

.river-estimator-params {
    display: grid;
    grid-template-columns: max-content auto;
    gap: 0.1em 1em;
    margin-top: 0.4em;
    font-size: 90%;
}

.river-estimator-params > * {
    margin: 0;
    padding: 0;
    color: inherit;
    background: none;
    white-space: pre-wrap;
}

.river-estimator-params > pre {
    grid-column: 1 / -1;
}

.river-param-name {
    opacity: 0.75;
}
"""

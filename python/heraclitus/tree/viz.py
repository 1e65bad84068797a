"""A tree as nested lists of HTML."""

from __future__ import annotations

import html
import typing

from .base import Branch

__all__ = ["CSS", "tree_to_html"]

# A table whose cells are the children, with a line from each to the one above.
CSS = """
.tree, .tree ul { display: table; list-style: none; margin: 0; padding: 0; position: relative }
.tree { margin-bottom: 1em; text-align: center }
.tree ul { width: 100% }
.tree li { display: table-cell; padding: .5em 0; position: relative; vertical-align: top }
.tree code { border: 1px solid #666; display: inline-block; margin: 0 .2em .5em;
  padding: .2em .5em; position: relative; white-space: pre; text-align: left }
.tree li::before { content: ""; left: 0; outline: 1px solid #666; position: absolute; right: 0;
  top: 0 }
.tree li:first-child::before { left: 50% }
.tree li:last-child::before { right: 50% }
.tree ul::before, .tree code::before { content: ""; height: .5em; left: 50%;
  outline: 1px solid #666; position: absolute }
.tree ul::before { top: -.5em }
.tree code::before { top: -.55em }
.tree > li::before, .tree > li > code::before { outline: none }
"""


def tree_to_html(tree: typing.Any) -> str:
    """Nested lists with the test of each branch and what each leaf says.

    Parameters
    ----------
    tree
        The node at the top.

    """
    return f'<ul class="tree">{_item(tree)}</ul>'


def _item(node: typing.Any) -> str:
    if not isinstance(node, Branch):
        return f"<li><code>{html.escape(repr(node))}</code></li>"
    below = "".join(_item(child) for child in node.children)
    return f"<li><code>{html.escape(node.repr_split)}</code><ul>{below}</ul></li>"

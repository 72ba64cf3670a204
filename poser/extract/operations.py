"""Words for operations, as language models and people write them."""

from __future__ import annotations

from poser.experts.types import Operation

_SYNONYMS = {
    **dict.fromkeys(("generate", "create", "draw", "insert", "place", "include", "adding"), "add"),
    **dict.fromkeys(("delete", "erase", "exclude", "avoid"), "remove"),
    **dict.fromkeys(("change", "swap", "substitute"), "replace"),
    **dict.fromkeys(("color", "colour", "recolour", "paint"), "recolor"),
    **dict.fromkeys(("scale", "enlarge", "shrink"), "resize"),
    **dict.fromkeys(("write", "lettering", "caption"), "text"),
    **dict.fromkeys(("backdrop", "scene", "setting"), "background"),
}
_FORMS = {
    **dict.fromkeys(("addition", "adding", "inserting", "insertion"), "add"),
    **dict.fromkeys(("removal", "deletion", "erasing", "deleting", "eliminate"), "remove"),
    **dict.fromkeys(("replacement", "substitution", "swapping", "exchange"), "replace"),
    **dict.fromkeys(("recoloring", "recolouring", "recoloration", "coloring", "colouring", "color change"), "recolor"),
    **dict.fromkeys(("resizing", "scaling", "size change"), "resize"),
    **dict.fromkeys(("relocate", "reposition", "relocation", "repositioning", "moving", "shift", "movement"), "move"),
    **dict.fromkeys(("background change", "background replacement", "change background"), "background"),
    **dict.fromkeys(("style transfer", "stylize", "stylise", "stylization", "styling", "restyle"), "style"),
    **dict.fromkeys(("tone adjustment", "color grading", "lighting", "tone change", "toning"), "tone"),
    **dict.fromkeys(("text editing", "text change", "writing", "add text", "lettering change"), "text"),
}
"""Further ones of trained editors' vocabularies; "generate" stands for itself there."""


def operation_word(word: str) -> str:
    """The operation's value for another word for it; words without one come back as they are, in lower case."""
    return _SYNONYMS.get(word.casefold(), word.casefold())


def operation_of(word: str) -> Operation | None:
    """The operation that a word names ("Recoloring", "style_transfer", "removed"), or None."""
    said = " ".join(word.casefold().replace("_", " ").replace("-", " ").split()).strip(".:!'\"` ")
    known = {operation.value: operation for operation in Operation}
    for form in dict.fromkeys((said, _FORMS.get(said, said), _SYNONYMS.get(said, said))):
        if form in known:
            return known[form]
    for ending, instead in (("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"), ("d", ""), ("s", "")):
        if said.endswith(ending):
            stem = said.removesuffix(ending) + instead
            found = known.get(_SYNONYMS.get(stem, stem))
            if found is not None:
                return found
    return None

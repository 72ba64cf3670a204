"""JSON out of what language models write around it and wrong about it, without adding anything.

Taken off: thoughts (`<think>…</think>`, also where the server keeps the opening mark), code fences, prose before and
after. Put right: trailing commas, single and
curly quotes, unescaped quotes and line breaks inside strings, bare keys, `True`, `False`, `None`, comments. Never put
right: what was cut off, a missing comma or value, two different values for one key, several different answers. Those
are refused: closing them would make up an answer.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

LONGEST = 1_000_000
"""Characters that are read at most."""

DEEPEST = 100
"""Most brackets within each other."""

_TRIES = 200
_READ = 4_000_000
"""Most brackets at which JSON may begin, and most characters that are read for all of them together."""

_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_THINKING = re.compile(r"^\s*<think(?:ing)?>")
_THOUGHT_ENDS = "</think"
"""Before it all is thoughts, also where the chat template has begun them for the model."""

# of bounded length: of many that never end, each would be looked for up to the end of the text
_WRITTEN_COMMENT = r"//[^\n]{0,500}(?=\n|\Z)|/\*.{0,500}?\*/"
_COMMENT = re.compile(_WRITTEN_COMMENT, re.DOTALL)
_SKIPPED = re.compile(rf"(?:\s+|{_WRITTEN_COMMENT})*", re.DOTALL)
_WORD = re.compile(r"[^\W\d][\w$-]*")
_PLAIN = re.compile(r"[^\s\"'“‘{}\[\],:/]+")
_LITERALS = {"True": "true", "False": "false", "None": "null"}
_CLOSING = {'"': '"', "'": "'", "“": "”", "‘": "’"}
_BRACKETS = {"{": "}", "[": "]"}
_SURROGATE = re.compile(r"[\ud800-\udfff]")


class _CutOff(ValueError):
    """The text ends before the value does."""


def read_json(text: str) -> Any:
    """The one JSON value in a reply.

    Objects go before arrays (prose may hold "[1]"); several equal ones count as one.

    Raises:
        ValueError: there is none, several different ones, or a broken one; the message says which, in a few words.
    """
    if len(text) > LONGEST:
        raise ValueError(f"the reply has {len(text):,} characters; at most {LONGEST:,} are read")
    body = _THOUGHT.sub("", text, count=1).strip()
    if _THINKING.match(body):
        raise ValueError("the reply ends before its thoughts do")
    if not body:
        raise ValueError("the reply is empty")
    try:
        return _loaded(body)
    except ValueError:
        return _found(body)


def _found(text: str) -> Any:
    """The value among prose."""
    values: list[Any] = []
    problem, place, ended = "the reply holds no JSON", 0, 0
    for _ in range(min(_TRIES, 1 + _READ // len(text))):
        start = next((at for at in range(place, len(text)) if text[at] in _BRACKETS), None)
        if start is None:
            break
        try:
            written, place = _region(text, start)
            if _THOUGHT_ENDS in text[ended:start]:
                values = []
            ended = place
        except _CutOff as error:
            # what is inside is part of something larger, and no answer by itself
            raise ValueError(str(error)) from None
        except ValueError as error:
            problem, place = f"the JSON is broken: {error}", start + 1
            if _looks_like_json(text[start:]):
                break
            continue
        try:
            values.append(_loaded(written))
        except ValueError as error:
            if _looks_like_json(written):
                problem = f"the JSON is broken: {error}"
    if values and _THOUGHT_ENDS in text[ended:]:
        raise ValueError("the JSON stands in the thoughts, and none follows them")
    values = [value for value in values if isinstance(value, dict)] or values
    if not values:
        raise ValueError(problem)
    if any(json.dumps(value) != json.dumps(values[0]) for value in values):
        raise ValueError(f"the reply holds {len(values)} different JSON values; one is wanted")
    return values[0]


def _looks_like_json(text: str) -> bool:
    """Whether this was meant to be JSON: braces in prose hold no quoted key."""
    return re.match(r"[{\[]\s*([{\[]\s*)*[\"'“]", text) is not None


def _region(text: str, start: int) -> tuple[str, int]:
    """The bracketed text from here on, as strict JSON wants it, and where it ends."""
    written: list[str] = []
    closing: list[str] = []
    at = start
    while at < len(text):
        letter = text[at]
        if letter in _BRACKETS:
            closing.append(_BRACKETS[letter])
            if len(closing) > DEEPEST:
                raise ValueError(f"more than {DEEPEST} brackets within each other")
        elif letter in "}]":
            if closing.pop() != letter:
                raise ValueError(f"{letter!r} closes what another bracket opened")
            if not closing:
                return "".join((*written, letter)), at + 1
        elif letter in _CLOSING:
            string, at = _string(text, at)
            written.append(string)
            continue
        elif letter == "/" and (comment := _COMMENT.match(text, at)):
            # a blank, or what stands on both sides would become one number
            written.append(" ")
            at = comment.end()
            continue
        elif letter == ",":
            # a comma before the end separates nothing
            after = _after(text, at + 1)
            if after < len(text) and text[after] in "}]":
                at = after
                continue
        elif word := _WORD.match(text, at):
            written.append(_bare(text, word))
            at = word.end()
            continue
        elif plain := _PLAIN.match(text, at):
            written.append(plain.group())
            at = plain.end()
            continue
        written.append(letter)
        at += 1
    raise _CutOff("the JSON is cut off before its end")


def _bare(text: str, word: re.Match[str]) -> str:
    """A word without quotes: a key, or a literal of Python or JSON."""
    after = _after(text, word.end())
    if after < len(text) and text[after] == ":":
        return json.dumps(word.group())
    return _LITERALS.get(word.group(), word.group())


def _string(text: str, start: int) -> tuple[str, int]:
    """The string that begins here, as strict JSON writes it, and where it ends.

    A quote ends it only where something may follow: an apostrophe and unescaped quotes inside do not.
    """
    closing = _CLOSING[text[start]]
    inside: list[str] = []
    at = start + 1
    while at < len(text):
        letter = text[at]
        if letter == "\\" and at + 1 < len(text):
            # JSON knows no escaped apostrophe
            inside.append(text[at + 1] if text[at + 1] in "'’”" else text[at : at + 2])
            at += 2
            continue
        if letter == closing:
            after = _after(text, at + 1)
            if after == len(text) or text[after] in ",:}]":
                return f'"{"".join(inside)}"', at + 1
        inside.append('\\"' if letter == '"' else letter)
        at += 1
    raise _CutOff("the JSON is cut off inside a string")


def _after(text: str, at: int) -> int:
    """Where the next letter stands that is neither space nor comment."""
    skipped = _SKIPPED.match(text, at)
    return skipped.end() if skipped else at


def _loaded(text: str) -> Any:
    try:
        value = json.loads(text, strict=False, object_pairs_hook=_object, parse_constant=_refused)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise ValueError(f"more than {DEEPEST} brackets within each other") from None
    return _sound(value, DEEPEST)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found and json.dumps(found[key]) != json.dumps(value):
            raise ValueError(f"the key {key[:80]!r} has two different values")
        found[key] = value
    return found


def _refused(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")


def _sound(value: Any, levels: int) -> Any:
    r"""The value with "\ufffd" for halves of characters, which can be written nowhere."""
    if levels < 0:
        raise ValueError(f"more than {DEEPEST} brackets within each other")
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_sound(each, levels - 1) for each in value]
    if isinstance(value, dict):
        return {_sound(key, 0): _sound(each, levels - 1) for key, each in value.items()}
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise ValueError("a number is beyond what can be held")
    return value

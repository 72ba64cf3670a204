"""From clauses to a request: joined, made polite, put in sentences or a list, among words without visual content."""

from __future__ import annotations

from collections.abc import Sequence

from poser.decompose.requests.telling import Clause, Teller

_JOINED, _POLITE, _STATEMENT, _REASON, _BULLETED = 0.3, 0.25, 0.06, 0.12, 0.12
_GREETING, _ASIDE, _CLOSING, _LOWER = 0.2, 0.25, 0.15, 0.06


def request(clauses: Sequence[Clause], teller: Teller, talk: float = 1.0) -> str:
    """The whole request in prose, or with a heading and one line for every clause.

    `talk` scales how often greetings, reasons, asides and thanks come; 1 = every second request has some.
    """
    dice = teller.dice
    if len(clauses) > 2 and dice.chance(_BULLETED):
        mark = dice.pick(("-", "-", "*", "1"))
        lines = [f"{n}. {c.text}" if mark == "1" else f"{mark} {c.text}" for n, c in enumerate(clauses, start=1)]
        sentences = ["\n".join([_capital(teller.say("bulleted")), *lines])]
    else:
        sentences = [_sentence(_dressed(clause, teller, talk)) for clause in _joined(clauses, teller)]
        if dice.chance(talk * _ASIDE):
            at = dice.number(0, len(sentences))
            sentences.insert(at, teller.say("aside", noun=teller.spare_noun()))
    if dice.chance(talk * _GREETING):
        sentences.insert(0, teller.say("greeting"))
    end = "\n" if "\n" in sentences[-1] else " "
    closing = f"{end}{teller.say('closing')}" if dice.chance(talk * _CLOSING) else ""
    text = " ".join(sentences) + closing
    # lettering keeps its capitals
    careless = not any(quote in text for quote in "\"“'") and dice.chance(_LOWER)
    return text.lower() if careless else text


def _joined(clauses: Sequence[Clause], teller: Teller) -> list[Clause]:
    joined: list[Clause] = []
    open_ = False
    for clause in clauses:
        before = joined[-1] if joined else None
        if before and open_ and before.mood == clause.mood != "as is" and teller.dice.chance(_JOINED):
            joined[-1] = Clause(teller.say(f"joined {clause.mood}", one=before.text, two=clause.text), clause.mood)
            open_ = False
        else:
            joined.append(clause)
            open_ = True
    return joined


def _dressed(clause: Clause, teller: Teller, talk: float) -> str:
    dice, text = teller.dice, clause.text
    if clause.mood == "do" and dice.chance(_POLITE):
        text = teller.say("polite", do=text)
    elif clause.mood == "say" and dice.chance(_STATEMENT):
        text = teller.say("statement", say=text)
    if clause.mood != "as is" and dice.chance(talk * _REASON):
        text = teller.say("reason", clause=text)
    return text


def _sentence(text: str) -> str:
    return _capital(text if text[-1] in ".!?" else f"{text}.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

"""Plans as language models write them, for the tests of their reading."""

from __future__ import annotations

from typing import Any


def atom(name: str, *words: Any, answer: Any = "yes", parents: tuple[str, ...] = (), quotes: Any = ()) -> dict:
    """An atom with a question."""
    return {
        "id": name,
        "tuple": list(words),
        "question": f"Is it so: {' '.join(map(str, words))}?",
        "answer": answer,
        "parents": list(parents),
        "words": list(quotes),
    }


def command(name: str, action: str, instruction: str, *atoms: dict, after: tuple[str, ...] = (), **more: Any) -> dict:
    """A command."""
    fields = {"id": name, "action": action, "subjects": [], "goals": [], "instruction": instruction}
    return {**fields, "after": list(after), "atoms": list(atoms), **more}


PROMPT = (
    "Zwei rote Autos links neben einem flauschigen Kater, darüber steht »SALE«, als Aquarell; der Kater ist ein Hund."
)


def written() -> dict:
    """A sound plan of `PROMPT`."""
    return {
        "commands": [
            command(
                "cars",
                "add",
                "Add two red cars to the left of the dog",
                atom("e1", "entity", "car", quotes=["Autos"]),
                atom("n1", "count", "car", "2", answer="2", parents=("e1",), quotes=["Zwei"]),
                atom("r1", "attribute", "color", "car", "red", parents=("e1",), quotes=["rote"]),
                atom("l1", "relation", "left of", "car", "dog", parents=("e1", "e2"), quotes=["links neben"]),
                after=("dog",),
                subjects=["car"],
            ),
            command(
                "dog",
                "add",
                "Add a fluffy dog",
                atom("e2", "entity", "dog", quotes=["Hund"]),
                atom("f2", "other", "the dog is fluffy", parents=("e2",), quotes=["flauschigen"]),
                subjects=["dog"],
            ),
            command(
                "look",
                "style",
                "Paint everything in watercolor",
                atom("w", "style", "watercolour", quotes=["Aquarell"]),
            ),
            command("sign", "text", 'Write "SALE"', atom("t", "text", "SALE", answer="SALE", quotes=["SALE"])),
        ],
        "folded": [{"words": "der Kater ist ein Hund", "command": "dog", "change": "cat to dog"}],
    }

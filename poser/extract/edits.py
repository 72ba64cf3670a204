"""Reads a clause that edits: "make it blue", "replace the dog with a cat", "remove one of them", "instead of …"."""

from __future__ import annotations

from collections.abc import Sequence

from poser.extract import fold
from poser.extract.amounts import Amount, amount_at
from poser.extract.backdrop import Whole, backdrop_value
from poser.extract.describe import Describer
from poser.extract.phrases import Phrase
from poser.extract.pieces import Piece
from poser.extract.refer import Discourse
from poser.extract.scene import Scene, Thing
from poser.extract.tokens import Sentence
from poser.extract.vocabulary import noun_at, styles, tones
from poser.extract.words import word_set

_REPLACING = {"replace", "swap", "exchange", "switch", "trade", "change", "convert", "transform", "substitute"}
_LOOKS_GO = {"replace", "swap", "exchange", "switch", "trade", "substitute", "use"}
_LINKS = word_set(
    "to into with for by as like look be so that is instead much from of in at on are become becomes looks being just "
    "even more still up itself should only have has looking"
)
_OPENERS = word_set(", : and then but so now also to no or just still instead again will")
_TO = {"to", "into", "with", "for", "by", "as"}


class EditReader:
    """Reads edits; what it cannot read as one it leaves to the describer."""

    def __init__(self, scene: Scene, discourse: Discourse, describer: Describer) -> None:
        """All three belong to the same prompt."""
        self.scene, self.talk, self.describer = scene, discourse, describer
        self.s, self.row, self.words = Sentence(()), [Piece("mark", "", 0, 0)][:0], ""

    def read(self, sentence: Sentence, row: Sequence[Piece]) -> bool:
        """Carry the clause out if it is an edit; False if it is none."""
        self.s, self.row = sentence, list(row)
        self.words = sentence.words(row[0].start, row[-1].end) if row else ""
        head = self._skip(0)
        if head >= len(self.row):
            return False
        if self._instead_of(head):
            return True
        piece = self.row[head]
        if piece.kind == "verb":
            return self._verb(piece, head + 1)
        return self._modal(head) or self._trailing_instead(head)

    def _skip(self, k: int) -> int:
        """The first piece from k on that says something."""
        while k < len(self.row):
            piece = self.row[k]
            if not (piece.kind == "filler" or (piece.kind in {"small", "mark", "link"} and piece.value in _OPENERS)):
                break
            following = self._at(k + 1)
            if piece.value == "instead" and following is not None and following.is_word("of"):
                break
            k += 1
        return k

    def _at(self, k: int) -> Piece | None:
        return self.row[k] if 0 <= k < len(self.row) else None

    # -- verbs ---------------------------------------------------------------------------------------------------

    def _verb(self, verb: Piece, k: int) -> bool:
        word = self.s.word(verb.start)
        action: str = verb.value
        negated = any(piece.is_word("not", "never") for piece in self.row[: k - 1])
        if negated:
            return False
        if action in {"add", "write"}:
            return self._more(k)
        if action == "other":
            self.scene.other(self.words)
            return True
        if action == "remove":
            return self._remove(k)
        if action in {"darker", "brighter", "warmer", "cooler", "faded"}:
            return self._tone(action, k)
        if action in {"larger", "smaller"}:
            return self._scale(action, k)
        if action == "substitute":
            return self._substitute(k)
        if action == "use":
            return self._use(k)
        if action == "move":
            return self._move(k)
        return self._alter(k, word)

    def _more(self, k: int) -> bool:
        """Of “add another dog” is an ordinary description; that it is an edit matters only for the storyboard."""
        piece = self._at(k)
        if piece is None or piece.phrase is None or piece.phrase.det != "another":
            return False
        self.describer.read(self.s, self.row[k:])
        for thing in self.talk.subjects[:1]:
            if any(t is not thing for t in self.scene.of(thing.noun)) and not self.scene.source:
                self.scene.fold(self.words, thing, f"{thing.count or 'one'} more {thing.noun}")
        return True

    def _is_object(self, phrase: Phrase, word: str, k: int) -> bool:
        """True if the phrase means something already there, so that the verb edits it."""
        if phrase.definite or phrase.lettering or phrase.pick:
            return True
        if phrase.pronoun == "one":
            return bool(phrase.part or phrase.pick or phrase.det == "the" or (phrase.amount and phrase.det != "a"))
        if phrase.head is None or phrase.det == "another":
            return False
        if phrase.det == "its":
            return True
        after = self._at(k)
        linked = after is not None and after.kind == "small" and after.value in _TO
        there = bool(self.scene.of(phrase.head.noun)) or self.scene.source
        return (there and word in _REPLACING and linked) or (
            self.scene.source and phrase.det == "" and phrase.amount is None
        )

    def _objects(self, k: int, word: str) -> tuple[list[Piece], int]:
        """The pieces an edit is done to, and the position after them."""
        found: list[Piece] = []
        while (piece := self._at(k)) is not None:
            phrase = piece.phrase
            if piece.kind == "quote" or (phrase is not None and not (phrase.head is not None and phrase.head.abstract)):
                if phrase is not None and not self._is_object(phrase, word, k + 1) and not found:
                    break
                if found and not self._joined(k):
                    break
                if phrase is not None and found and not phrase.definite:
                    break
                found.append(piece)
            elif (
                phrase is not None
                or piece.is_word("of", "'s", "all", "both", "each", "for", "in")
                or piece.kind == "filler"
            ):
                if found and piece.is_word("for", "in", "of"):
                    break
            elif not (piece.is_word("and", ",", "or") and found and self._phrase_at(k + 1)):
                break
            k += 1
        return found, k

    def _joined(self, k: int) -> bool:
        before = self._at(k - 1)
        return before is not None and (before.is_word("and", ",", "or", "'s", "of") or before.kind == "phrase")

    def _phrase_at(self, k: int) -> bool:
        piece = self._at(k)
        return piece is not None and (piece.kind == "quote" or (piece.phrase is not None and piece.phrase.definite))

    def _things(self, objects: Sequence[Piece]) -> list[Thing]:
        """The things that objects mean; source things come into being by being named."""
        found: list[Thing] = []
        for piece in objects:
            if piece.kind == "quote":
                found += [t for t in self.scene.letterings() if t.text == piece.value] or self._source_text(piece.value)
                continue
            phrase: Phrase = piece.value
            if phrase.lettering:
                if not any(other.kind == "quote" for other in objects):
                    found += self.scene.letterings()[-1:] or self._source_text("")
                continue
            found += [t for t in self.talk.resolve(phrase, editing=True) if t not in found]
        return found

    def _source_text(self, text: str) -> list[Thing]:
        if not self.scene.source:
            return []
        return [self.scene.add(Thing(f'"{text}"', text=text, source=True))]

    def _alter(self, k: int, word: str) -> bool:
        """make, turn, change, replace, paint, …: pairs of things and what becomes of them."""
        begun, done = k, False
        while k < len(self.row):
            objects, k = self._objects(k, word)
            k, values = self._values(k)
            if not objects and not values:
                break
            things = self._things(objects)
            if objects and not values:
                return self._without_value(objects, things, word, begun) or done
            if not things and objects and not self._about_picture(objects, values):
                return self._unknown_object(objects, values, begun) or done
            if not objects and not any(self._whole_of(value) for value in values):
                return done
            if objects:
                self.talk.subjects = things or self.talk.subjects
            for value in values:
                self._apply(things, value, word, bool(objects))
            done = True
            while (piece := self._at(k)) is not None and piece.is_word(",", "and", "but"):
                k += 1
            piece = self._at(k)
            if piece is not None and not (self._phrase_at(k) or piece.kind == "filler"):
                self._rest(k)
                break
            if piece is not None and piece.phrase is not None and not self._value_ahead(k + 1):
                self._rest(k)
                break
        return done

    def _value_ahead(self, k: int) -> bool:
        _, values = self._values(k)
        return bool(values)

    def _rest(self, k: int) -> None:
        """What follows an edit in its clause is read as a description, its things being the subjects."""
        while (piece := self._at(k)) is not None and piece.is_word(",", "and", "instead", "too", "as", "again"):
            k += 1
        if k < len(self.row):
            self.describer.read(self.s, self.row[k:])
            self.scene.notes += _notes(self.describer)

    def _values(self, k: int) -> tuple[int, list[Piece]]:
        """What the things become: colours, sizes, a phrase, a place … joined by "and"."""
        found: list[Piece] = []
        at = k
        while (piece := self._at(at)) is not None:
            if (piece.kind in {"small", "link", "filler", "says"} and piece.value in _LINKS) or piece.kind == "filler":
                at += 1
                continue
            if found and piece.is_word("and", ","):
                following = self._at(at + 1)
                if following is None or following.kind not in {"color", "size", "place", "relation", "whole"}:
                    break
                at += 1
                continue
            if found and not (self._joined(at) or piece.kind in {"place", "relation"}):
                break
            if piece.kind in {"color", "size", "whole", "quote"} or self._value_word(piece):
                found.append(piece)
            elif piece.kind == "phrase":
                if found or (
                    piece.value.head is not None and piece.value.head.abstract and not self._value_word(piece)
                ):
                    break
                found.append(piece)
            elif piece.kind in {"place", "relation"}:
                found.append(piece)
                at += 1
                break
            else:
                break
            at += 1
            k = at
        return (at if found else k), found

    def _value_word(self, piece: Piece) -> bool:
        if piece.kind not in {"word", "filler", "small", "phrase"}:
            return False
        if piece.kind == "phrase" and not (piece.value.head is not None and not piece.value.head.known):
            return False
        return self._whole_of(piece) is not None or amount_at(self.s, piece.start) is not None

    def _whole_of(self, piece: Piece) -> Whole | None:
        """The backdrop, style or tone that a value names, if it names one."""
        if isinstance(piece.value, Whole):
            return piece.value
        if piece.kind in {"quote", "place", "relation"}:
            return None
        at = piece.start
        while self.s.word(at) in {"a", "an", "the", "more", "very"}:
            at += 1
        for kind, table in (("tone", tones), ("style", styles)):
            hit = table.at(self.s, at)
            if hit is not None and hit[1] >= piece.end - 1:
                return Whole(kind, hit[0], hit[1], 3, self.s.words(at, hit[1]))
        hit = backdrop_value(self.s, at)
        if hit is not None and hit[1] >= piece.end - 1 and noun_at(self.s, at) is None and piece.kind != "color":
            return Whole("background", hit[0], hit[1], 4, self.s.words(at, hit[1]))
        return None

    def _about_picture(self, objects: Sequence[Piece], values: Sequence[Piece]) -> bool:
        pronouns = all(piece.phrase is not None and piece.phrase.pronoun in {"it", "all"} for piece in objects)
        return pronouns and any(self._whole_of(value) is not None for value in values)

    def _apply(self, things: list[Thing], value: Piece, word: str, named: bool) -> None:
        whole = self._whole_of(value)
        if whole is not None and (value.kind in {"whole", "word", "filler"} or not things):
            if whole.kind == "tone" and things and named and value.kind != "whole" and not self._pronoun_only():
                self.scene.other(self.words)
            elif whole.kind == "background":
                fold.backdrop(self.scene, whole.value, whole.words, self.words)
            else:
                fold.style(self.scene, whole.kind, whole.value, whole.words, self.words)
            return
        if value.kind == "color":
            fold.recolor(self.scene, things, value.value[0], self.words)
        elif value.kind == "size":
            fold.resize(self.scene, things, value.value, self.words)
        elif value.kind == "quote":
            self.talk.mention(fold.reletter(self.scene, things, value.value, self.words))
        elif value.kind in {"place", "relation"}:
            self._put(things, value)
        elif value.kind == "phrase":
            self._become(things, value.value, word)
        else:
            amount = amount_at(self.s, value.start)
            if amount is not None:
                fold.recount(self.scene, things, amount[0], self.words)

    def _pronoun_only(self) -> bool:
        return all(p.phrase.pronoun in {"it", "all"} for p in self.row if p.phrase is not None)

    def _become(self, things: list[Thing], phrase: Phrase, word: str) -> None:
        if phrase.head is None:  # "a blue one", "four"
            if phrase.colors:
                fold.recolor(self.scene, things, phrase.colors[0], self.words)
            if phrase.size:
                fold.resize(self.scene, things, phrase.size, self.words)
            if phrase.amount is not None and phrase.amount.number > 1:
                fold.recount(self.scene, things, phrase.amount, self.words)
            return
        if phrase.amount is not None and things and phrase.head.noun == things[0].noun and not things[0].source:
            fold.recount(self.scene, things, phrase.amount, self.words)
            if phrase.colors:
                fold.recolor(self.scene, things[:1], phrase.colors[0], self.words)
            return
        if (
            phrase.definite
            and (there := self.scene.of(phrase.head.noun))
            and things
            and word in {"swap", "switch", "exchange"}
        ):
            fold.exchange(self.scene, things[0], there[-1], self.words)
            return
        done = fold.replace(self.scene, things, phrase, self.words, keep_looks=word not in _LOOKS_GO)
        self.talk.subjects = done or self.talk.subjects
        self.talk.mention(done)

    def _put(self, things: list[Thing], value: Piece) -> None:
        """Move things to where the pieces from `value` on say."""
        self.talk.subjects = list(things)
        fold.unplace(self.scene, things, self.words)
        self.describer.read(self.s, self.row[self.row.index(value) :])
        self.scene.notes += _notes(self.describer)

    def _without_value(self, objects: Sequence[Piece], things: list[Thing], word: str, begun: int) -> bool:
        if word in {"swap", "switch", "exchange"} and len(things) == 2:
            fold.exchange(self.scene, things[0], things[1], self.words)
            return True
        if word in {"keep", "have", "let", "get"} and things:
            self.describer.read(self.s, self.row[begun:])
            return True
        if not things and all(p.phrase is not None and p.phrase.head is not None for p in objects):
            return False
        self.scene.other(self.words)
        return True

    def _unknown_object(self, objects: Sequence[Piece], values: Sequence[Piece], begun: int) -> bool:
        """An edit of something nobody spoke of: read as a description of it, or kept in words."""
        del begun
        first = objects[0].phrase
        if (
            first is not None
            and first.head is not None
            and all(v.kind in {"color", "size", "place", "relation"} for v in values)
        ):
            return False
        self.scene.other(self.words)
        return True

    # -- other verbs ---------------------------------------------------------------------------------------------

    def _remove(self, k: int) -> bool:
        done = False
        while (piece := self._at(k)) is not None:
            if piece.kind == "quote" or (piece.phrase is not None and piece.phrase.lettering):
                things = self._things([piece]) if not (self._at(k + 1) and self._at(k + 1).kind == "quote") else []  # type: ignore[union-attr]
                if piece.phrase is not None and not things:
                    self.scene.no_text = self.scene.next_order()
                fold.remove(self.scene, things, self.words)
                done = True
            elif piece.phrase is not None:
                done = self._remove_phrase(piece.phrase) or done
            elif (
                piece.kind == "whole"
                or piece.is_word("from", "in", "on", "with", "so", "because")
                or piece.kind in {"place", "relation"}
            ):
                break
            k += 1
        if not done:
            self.scene.other(self.words)
        return True

    def _remove_phrase(self, phrase: Phrase) -> bool:
        if phrase.head is not None and phrase.head.abstract:
            return False
        things = self.talk.resolve(phrase, editing=True)
        if not things and phrase.head is not None:
            self.scene.add(
                Thing(phrase.head.noun, phrase.head.known, absent=True, color=phrase.colors[0] if phrase.colors else "")
            )
            return True
        fold.remove(self.scene, things, self.words)
        return bool(things)

    def _tone(self, tone: str, k: int) -> bool:
        objects, _ = self._objects(k, "make")
        if objects and not all(p.phrase is not None and p.phrase.pronoun in {"it", "all"} for p in objects):
            self.scene.other(self.words)
        else:
            fold.style(self.scene, "tone", tone, tone, self.words)
        return True

    def _scale(self, size: str, k: int) -> bool:
        objects, after = self._objects(k, "make")
        things = self._things(objects)
        if not things:
            self.scene.other(self.words)
            return True
        number = next((amount_at(self.s, p.start) for p in self.row[after:] if amount_at(self.s, p.start)), None)
        if number is not None and "number" in self.words.lower():
            fold.recount(self.scene, things, number[0], self.words)
        else:
            fold.resize(self.scene, things, size, self.words)
        self.talk.subjects = things
        return True

    def _substitute(self, k: int) -> bool:
        """Of “substitute Y for X”, “substitute X with Y”."""
        first, link, second = self._at(k), self._at(k + 1), self._at(k + 2)
        if first is None or link is None or second is None or first.phrase is None or second.phrase is None:
            return False
        old, new = (second.phrase, first.phrase) if link.is_word("for") else (first.phrase, second.phrase)
        return self._replaced(old, new, k + 3)

    def _use(self, k: int) -> bool:
        """Of “use a ship instead”, “use red for the car”."""
        first = self._at(k)
        if first is None:
            return False
        last = self.row[-1]
        if first.phrase is not None and first.phrase.head is not None and last.is_word("instead"):
            topic = self.talk.pronoun("it")
            if topic:
                done = fold.replace(self.scene, topic, first.phrase, self.words, keep_looks=False)
                self.talk.subjects = done
                return True
        if first.kind == "color" and (link := self._at(k + 1)) is not None and link.is_word("for", "on"):
            objects, _ = self._objects(k + 2, "make")
            things = self._things(objects)
            if things:
                fold.recolor(self.scene, things, first.value[0], self.words)
                return True
        return False

    def _move(self, k: int) -> bool:
        objects, after = self._objects(k, "move")
        if not objects:
            return False
        where = next((p for p in self.row[after:] if p.kind in {"place", "relation"}), None)
        things = self._things(objects)
        if where is None or not things:
            if not things and where is not None:
                return False
            self.scene.other(self.words)
            return True
        if any(p.kind in {"color", "size", "phrase"} for p in self.row[after : self.row.index(where)]):
            return False
        self._put(things, where)
        return True

    # -- without an imperative -----------------------------------------------------------------------------------

    def _modal(self, head: int) -> bool:
        """Of “the second one should be red”, “it must be a truck instead”."""
        k = next(
            (k for k in range(head, len(self.row)) if self.row[k].is_word("should", "must", "needs", "need")), None
        )
        if k is None or k == head or any(p.is_word("not", "no") for p in self.row):
            return False
        objects, after = self._objects(head, "make")
        if not objects or after != k or any(p.kind == "quote" for p in objects):
            return False
        if not all(p.phrase is not None and (p.phrase.definite or p.phrase.pronoun) for p in objects):
            return False
        things = self._things(objects)
        at, values = self._values(k + 1)
        if not things or not values:
            return False
        self.talk.subjects = things
        for value in values:
            self._apply(things, value, "make", True)
        self._rest(at)
        return True

    def _instead_of(self, head: int) -> bool:
        """Of “instead of the boat use a ship”, “use a ship instead of the boat”, “a ship rather than a boat”."""
        for k in range(head, len(self.row) - 1):
            piece, after = self.row[k], self.row[k + 1]
            if not (
                (piece.is_word("instead") and after.is_word("of"))
                or (piece.is_word("rather") and after.is_word("than"))
            ):
                continue
            old = self._at(k + 2)
            if old is None or old.phrase is None or old.phrase.head is None:
                return False
            others = [
                p for p in self.row[head:k] + self.row[k + 3 :] if p.phrase is not None and p.phrase.head is not None
            ]
            new = others[-1] if k > head and others else (others[0] if others else None)
            if new is None:
                return False
            if not self.scene.of(old.phrase.head.noun) and not self.scene.source:
                self.describer.read(self.s, [p for p in self.row[head:k] + self.row[k + 3 :] if p.kind != "verb"])
                return True
            return self._replaced(old.phrase, new.phrase, self.row.index(new) + 1 if new.start > old.start else None)
        return False

    def _replaced(self, old: Phrase, new: Phrase | None, rest: int | None) -> bool:
        things = self.talk.resolve(old, editing=True)
        if not things or new is None:
            return False
        done = fold.replace(self.scene, things, new, self.words, keep_looks=False)
        self.talk.subjects = done
        self.talk.mention(done)
        if rest is not None:
            self._rest(rest)
        return True

    def _trailing_instead(self, head: int) -> bool:
        """Of “a ship instead”: of what was spoken of last."""
        first, last = self.row[head], self.row[-1]
        if not (
            last.is_word("instead") and first.phrase is not None and first.phrase.head is not None
        ) or head + 2 != len(self.row):
            return False
        topic = self.talk.pronoun("it")
        if not topic:
            return False
        self.talk.subjects = fold.replace(self.scene, topic, first.phrase, self.words, keep_looks=False)
        return True


def _notes(describer: Describer) -> list[str]:
    """Words that the describer could not place, as notes."""
    unknown, describer.unknown = describer.unknown, []
    return [", ".join(dict.fromkeys(unknown))] if unknown else []


__all__ = ["Amount", "EditReader"]

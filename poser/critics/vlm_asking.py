"""How a picture is put before a vision-language model: everything by one schema, or one token an atom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from poser.critics.prompts import Prompts
from poser.critics.types import JudgeRequest
from poser.critics.vlm_answers import Looked, Seen, asked, questions, read_looked, schema
from poser.critics.yes_no import keeps_form, yes_probability
from poser.experts.base import CallContext
from poser.experts.chat import ChatAnswer, ChatEndpoint, Message, image_part, structured_answer, total
from poser.experts.errors import BadReply, CallError, InvalidRequest
from poser.experts.parallel import Lanes
from poser.experts.types import Usage

LIKELIEST = 20
"""Tokens of which the log probability is asked for."""

Part = dict[str, Any]


class Look(NamedTuple):
    """What a model saw, what that cost, and which model it was, as the server reports it."""

    looked: Looked
    usage: Usage
    model: str


class Asking:
    """Puts pictures before one endpoint.

    Args:
        endpoint: of the model.
        prompts: with the sections "pictures", "schema" and "logprobs".
        side: px to which larger pictures are scaled down.
        attempts: how often a usable answer is asked for by schema.
        concurrency: one-token questions at a time.
    """

    def __init__(self, endpoint: ChatEndpoint, prompts: Prompts, side: int, attempts: int, concurrency: int) -> None:
        self._endpoint, self._texts = endpoint, prompts.texts
        self._side, self._attempts = side, attempts
        self._lanes = Lanes(endpoint.name, concurrency)

    def by_schema(self, request: JudgeRequest, ctx: CallContext) -> Look:
        """Everything in one call.

        Raises:
            CallError: typed, with the cost of all attempts.
        """
        words, kept, count = self._texts["schema"], is_edited(request), len(request.atoms)
        told = [words["preservation"]] if kept else []
        told += [words["questions"], questions(request.atoms)]
        given = structured_answer(
            self._endpoint,
            conversation(words["system"], [*self._shown(request), text_part("\n".join(told))]),
            schema(count, preservation=kept),
            lambda value: read_looked(value, count, preservation=kept),
            attempts=self._attempts,
            schema_name="verdict",
            cancelled=ctx.cancelled,
            within=ctx.remaining(),
        )
        return Look(*given)

    def by_token(self, request: JudgeRequest, ctx: CallContext) -> Look:
        """A call for each atom, for lettering that speaks to the judge, and for what is kept of a source.

        Raises:
            BadReply: the server gives no log probabilities, or no answer keeps the form.
            CallError: a call failed. Both with the cost of all calls.
        """
        parts, put = self._shown(request), self._questions(request)
        # the time is that of the picture, however many questions it has
        own = CallContext(deadline=ctx.deadline, stop=ctx.stop)
        given = self._lanes.run(put, lambda question, ctx: self._token(parts, question, ctx), own)
        answers = [each for each in given if isinstance(each, ChatAnswer)]
        failures = [each for each in given if isinstance(each, CallError)]
        usage = total([each.usage if isinstance(each, ChatAnswer) else Usage(usd=each.usd) for each in given])
        if failures:
            raise failures[0].billed(usage.usd)
        if not all(answer.logprobs for answer in answers):
            raise BadReply(
                f'{self._endpoint.name} gives no log probabilities. Set mode = "schema" for it.',
                usd=usage.usd,
                lasting=True,
            )
        tops = [answer.logprobs[0] for answer in answers if answer.logprobs]
        if not any(map(keeps_form, tops)):
            said = ", ".join(repr(answer.text[:20]) for answer in answers[:3])
            raise BadReply(
                f'{self._endpoint.name} answers {said} instead of yes or no. Set mode = "schema" for it.',
                usd=usage.usd,
            )
        found = [yes_probability(top) for top in tops]
        count = len(request.atoms)
        flag = found[count]
        return Look(
            Looked(
                answers=tuple(Seen(yes) for yes in found[:count]),
                flag=None if flag is None else flag >= 0.5,
                preservation=found[count + 1] if is_edited(request) else None,
            ),
            usage,
            answers[0].model,
        )

    def gives_probabilities(self, request: JudgeRequest, ctx: CallContext) -> tuple[bool, Usage]:
        """Whether one token of an answer comes with log probabilities and keeps the form; and what asking cost.

        A server that says nothing in one token, or takes no such question, gives none: models that think first.

        Raises:
            CallError: the call failed.
        """
        try:
            answer = self._token(self._shown(request), self._questions(request)[0], ctx)
        except (BadReply, InvalidRequest) as error:
            return False, Usage(usd=error.usd)
        return bool(answer.logprobs and keeps_form(answer.logprobs[0])), answer.usage

    def _token(self, parts: Sequence[Part], question: str, ctx: CallContext) -> ChatAnswer:
        words = self._texts["logprobs"]
        return self._endpoint.ask(
            conversation(words["system"], [*parts, text_part(f"{question}\n{words['answer']}")]),
            logprobs=LIKELIEST,
            max_tokens=1,
            cancelled=ctx.cancelled,
            within=ctx.remaining(),
        )

    def _questions(self, request: JudgeRequest) -> list[str]:
        """Of the atoms in their order, then on lettering, then on what is kept."""
        words = self._texts["logprobs"]
        put = []
        for each in map(asked, request.atoms):
            form = words["expected" if each.expected else "question"]
            put.append(form.replace("{expected}", each.expected).replace("{question}", each.question))
        put.append(words["flag"])
        if is_edited(request):
            put.append(words["preservation"].replace("{statements}", questions(request.atoms)))
        return put

    def _shown(self, request: JudgeRequest) -> list[Part]:
        return shown(self._texts["pictures"], request, self._side)


def shown(words: Mapping[str, str], request: JudgeRequest, side: int) -> list[Part]:
    """The pictures of a request as parts of a message, each between its marks.

    Args:
        words: texts "before", "same", "judged" and "end".
        request: with the picture, and the source if it is an edit.
        side: px to which larger pictures are scaled down.
    """
    parts: list[Part] = []
    if request.source is not None and is_edited(request):
        parts += [text_part(words["before"]), image_part(request.source, longest=side), text_part(words["end"])]
    elif request.source is not None:
        parts.append(text_part(words["same"]))
    return [*parts, text_part(words["judged"]), image_part(request.picture, longest=side), text_part(words["end"])]


def is_edited(request: JudgeRequest) -> bool:
    """Whether there is a source, and the picture is another one."""
    return request.source is not None and request.source != request.picture


def text_part(words: str) -> Part:
    """Text as part of a message."""
    return {"type": "text", "text": words}


def conversation(system: str, parts: Sequence[Part]) -> list[Message]:
    """A system message, and one of the user with these parts."""
    return [{"role": "system", "content": system}, {"role": "user", "content": list(parts)}]

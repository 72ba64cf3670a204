"""`DecomposerExtractor`: a prompt read by a trained decomposer."""

from __future__ import annotations

import time

from poser.decompose.covering import left_out
from poser.decompose.format import read_tolerant
from poser.decompose.plans import plan_of
from poser.decompose.writer import Writer, model_in, read_settings
from poser.experts.chat import total
from poser.experts.errors import BadReply, CallError, InputError
from poser.experts.local_models import LocalModel
from poser.experts.picture import PictureRef
from poser.experts.types import Plan, Usage
from poser.extract.base import Extraction, Extractor, check_prompt, stamped
from poser.extract.grammar import GrammarExtractor

_MOST_WORDS = 30


class DecomposerExtractor(Extractor):
    """Reads prompts with what `poser train decomposer` made; `poser generate --extractor FOLDER` is one.

    The model writes actions, subjects and goals (`poser.decompose.format`), which are read tolerantly and made a
    checked plan. A reply that means none is followed by drawn ones; where they do not help either, or the model is not
    to be had, the grammar reads the prompt, and `Plan.notes` says so. Words of the prompt that no atom holds are named
    there.
    The model is loaded with the first prompt, in this process; it costs nothing. It sees no source picture, only that
    there is one. `Plan.extractor` names the model and its weights.

    Args:
        model: folder that `poser train decomposer` wrote, or its `model` within; with `decomposer.json`. Safetensors
            only; pickled weights are never read.
        name: shown in plans and messages.
        device: "cpu", "cuda", "cuda:1", "mps", "xpu"; "auto" = the best there is.
        dtype: "float32", "float16", "bfloat16"; "auto" = bfloat16 or float16 on a GPU, float32 on the CPU.
        trust_remote_code: run code that comes with the model. Leave it off unless you have read that code.
        attempts: replies that are asked for: the likeliest one, then drawn ones.
        temperature: of drawn replies, above 0.
        vram_gb: memory it needs, in GiB; by default 1.3 times the weights on disk.
        vram_limit_gb: most that all models on the device may need together, in GiB; by default all it has.

    Raises:
        InputError: a setting that does not fit, or a folder that holds no decomposer.
    """

    def __init__(
        self,
        *,
        model: str,
        name: str = "decomposer",
        device: str = "auto",
        dtype: str = "auto",
        trust_remote_code: bool = False,
        attempts: int = 2,
        temperature: float = 0.7,
        vram_gb: float | None = None,
        vram_limit_gb: float | None = None,
    ) -> None:
        if type(attempts) is not int or not 1 <= attempts <= 10:
            raise InputError(f"attempts is {attempts!r}; give 1 to 10.")
        number = isinstance(temperature, int | float) and not isinstance(temperature, bool)
        if not number or not 0.0 < temperature <= 10.0:
            raise InputError(f"temperature is {temperature!r}; give a number above 0, at most 10.")
        folder = model_in(model)
        settings = LocalModel(
            model=folder, device=device, dtype=dtype, local_files_only=True, trust_remote_code=trust_remote_code
        )
        self.name = name
        self._short = settings.short
        self._attempts, self._temperature = attempts, temperature
        self._writer = Writer(name, settings, read_settings(folder), vram_gb=vram_gb, vram_limit_gb=vram_limit_gb)

    def expected_usd(self, prompt: str) -> float:
        """See `Extractor.expected_usd`: it costs nothing."""
        return 0.0

    def extract(self, prompt: str, source: PictureRef | None = None) -> Plan:
        """See `Extractor.extract`."""
        return self.extraction(prompt, source).plan

    def extraction(self, prompt: str, source: PictureRef | None = None) -> Extraction:
        """See `Extractor.extraction`; the time of replies that meant nothing is in it."""
        check_prompt(prompt)
        started = time.perf_counter()
        used: list[Usage] = []
        problem: CallError | None = None
        for attempt in range(self._attempts):
            try:
                said = self._writer.write(prompt, draw=attempt, temperature=self._temperature)
                used.append(said.usage)
                plan = plan_of(read_tolerant(said.text), prompt, source)
            except CallError as error:
                problem = error
                if not isinstance(error, BadReply):
                    break
            else:
                facts = f"{self._short}{f', reply {attempt + 1}' if attempt else ''}"
                return Extraction(stamped(_with_notes(plan), self.name, facts), total(used))
        plan = GrammarExtractor().extract(prompt, source)
        note = f"the grammar has read the prompt, since {self.name} could not: {problem}"
        spent = total([*used, Usage(usd=0.0)]).model_copy(update={"seconds": time.perf_counter() - started})
        return Extraction(plan.model_copy(update={"notes": (note, *plan.notes)}), spent)

    def close(self) -> None:
        """Unload the model."""
        self._writer.close()


def _with_notes(plan: Plan) -> Plan:
    missing = left_out(plan)
    if not missing:
        return plan
    said, more = ", ".join(missing[:_MOST_WORDS]), len(missing) - _MOST_WORDS
    note = f"no atom holds these words of the prompt: {said}" + (f", and {more} more" if more > 0 else "")
    return plan.model_copy(update={"notes": (*plan.notes, note)})

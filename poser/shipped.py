"""What the package brings: names of experts, critics, extractors and policies, and where their objects are made."""

from __future__ import annotations

from collections.abc import Mapping

POOLS: Mapping[str, str] = {"studio": "poser.experts.studio:studio_experts"}
"""Name of a pool -> "module:function" that makes its experts."""

CRITICS: Mapping[str, str] = {
    "detector": "poser.critics.detector:DetectorCritic",
    "neural-judge": "poser.critics.judge.critic:NeuralJudge",
}
EXTRACTORS: Mapping[str, str] = {
    "grammar": "poser.extract.grammar:GrammarExtractor",
    "grammar-open": "poser.extract.prose:OpenGrammarExtractor",
}
ADAPTERS: Mapping[str, Mapping[str, str]] = {
    "expert": {
        "comfyui": "poser.experts.comfyui:ComfyUIExpert",
        "diffusers": "poser.experts.diffusers.expert:DiffusersExpert",
        "http": "poser.experts.http:HttpExpert",
        "huggingface": "poser.experts.huggingface:HuggingFaceImages",
        "openai_images": "poser.experts.openai_images:OpenAIImages",
    },
    "critic": {
        "local_vlm": "poser.critics.local_vlm:LocalVLM",
        "panel": "poser.catalog:panel",
        "rubric": "poser.critics.rubric:RubricCritic",
        "rubric-judge": "poser.critics.rubric:RubricJudge",
        "vlm": "poser.critics.vlm:VLMCritic",
    },
    "extractor": {
        "decomposer": "poser.decompose.extractor:DecomposerExtractor",
        "llm": "poser.extract.llm:LLMExtractor",
        "local_llm": "poser.extract.local:LocalExtractor",
    },
}
"""Kind, where there are any -> what `use` in `poser.toml` may name -> "module:class"."""

_SERVED = "model = the name under which its server knows it"
_LOCAL = "model = a hub id or the folder of a model"
NEEDED: Mapping[str, str] = {
    "decomposer": "model = the folder that `poser train decomposer` wrote",
    "llm": _SERVED,
    "local_llm": _LOCAL,
    "local_vlm": _LOCAL,
    "panel": "members = the names of its critics",
    "rubric": _SERVED,
    "rubric-judge": _SERVED,
    "vlm": _SERVED,
}
"""`use` of a critic or extractor -> the setting that it cannot do without, in words."""

BASES: Mapping[str, str] = {
    "critic": "poser.critics.base:Critic",
    "extractor": "poser.extract.base:Extractor",
    "policy": "poser.policies.base:Policy",
}
"""Kind -> "module:class" of what it has to be; `poser.pools` looks at experts."""

DECOMPOSER = ADAPTERS["extractor"]["decomposer"]
"""What a folder named as an extractor is."""

BASELINES = "poser.policies.baselines:BASELINES"
LEARNED = "poser.policies.learned:Learned"

SIDES: Mapping[str, tuple[int, int]] = {"poser.experts.studio": (512, 1024)}
"""Package of experts -> shortest and longest side that they are meant for, in pixels."""

RECORDS: Mapping[str, str] = {"poser.experts.studio": "poser.experts.studio.pool:studio_record"}
"""Package of experts -> "module:function" that gives the track record they come with."""

DEFAULT_CRITIC = "detector"
DEFAULT_JUDGE = "neural-judge"
DEFAULT_EXTRACTOR = "grammar"
DEFAULT_POLICY = "learned"

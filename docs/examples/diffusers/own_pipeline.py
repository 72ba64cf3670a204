"""A pipeline that you build yourself (LoRA weights, another scheduler, quantised parts), as an expert.

Run it: MODEL=owner/name python docs/examples/diffusers/own_pipeline.py
"""

import os

import torch
from diffusers import DiffusionPipeline

import poser
from poser.experts.diffusers import DiffusersExpert

pipe = DiffusionPipeline.from_pretrained(os.environ["MODEL"], use_safetensors=True)
# pipe.load_lora_weights("owner/name")
pipe.to("cuda" if torch.cuda.is_available() else "cpu")

painter = DiffusersExpert(
    name="painter",
    model="my painter",  # a name only: the pipeline is given
    pipe=pipe,
    steps=int(os.environ.get("STEPS", "30")),
    max_pixels=int(os.environ.get("MAX_PIXELS", "0")),
)
result = poser.generate("A red car left of a green tree", experts=[painter], size=(512, 512), max_steps=2)

result.save("painted.png")
for step in result.trace.steps:
    print(f"{step.expert}: {step.usage.seconds:.1f} s; {'; '.join(step.notes) or 'nothing to note'}")

"""A prompt on a model behind the OpenAI Images API, on at most half a dollar.

Run it: OPENAI_API_KEY=… IMAGE_MODEL=… python docs/examples/openai/generate.py
"""

import os

import poser
from poser.experts.openai_images import OpenAIImages

painter = OpenAIImages(
    name="painter",
    model=os.environ["IMAGE_MODEL"],
    sizes=["1024x1024"],
    prices={"output_cost_per_image": 0.05},
)
result = poser.generate(
    "Two red cars left of a large green tree on a beach.", experts=[painter], budget=0.5, max_steps=4
)
painter.close()

result.save("beach.png")
for step in result.trace.steps:
    print(f"{step.expert}: {step.usage.usd} US dollars, {step.usage.seconds:.1f} s, {step.instruction}")
print(f"beach.png: alignment {result.alignment:.2f}, {result.usd} US dollars")

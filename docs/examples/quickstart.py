"""The Python API: a prompt in, a picture with its story out.

Run it: python docs/examples/quickstart.py
"""

import poser

result = poser.generate(
    'Two red cars left of a large green tree on a beach, with the words "ROAD TRIP" at the top.',
    seed=7,
)

result.save("road_trip.png")
print(f"road_trip.png: alignment {result.alignment:.2f}, expert calls: {len(result.trace.steps)}")
for command in result.plan.commands:
    print(f"  {result.trace.statuses[command.id]:>9}  {command.text}")

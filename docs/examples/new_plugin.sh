poser experts new soft-focus            # writes ./poser-soft-focus: a distribution with one working expert
pip install -e ./poser-soft-focus
poser experts check soft-focus

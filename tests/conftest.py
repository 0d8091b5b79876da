"""How much Hypothesis tries: little by default, much with `--hypothesis-profile=long`."""

from hypothesis import settings

settings.register_profile("short", max_examples=60, stateful_step_count=40, deadline=None)
settings.register_profile("long", max_examples=5000, stateful_step_count=80, deadline=None)
settings.load_profile("short")

"""Experts around an expert, one a file: cached, retrying, rate-limited, budgeted, gathered.

Each passes spec, refusals and closing on. From the outside in, they belong in this order, so that every try waits for
its turn and is paid for, and a replayed result is neither:

    CachedExpert(RetryingExpert(RateLimitedExpert(BudgetedExpert(expert, budget=2.0), requests_per_minute=50)), cache)

`shared` puts `GatheredExpert` outermost, where several runs use one expert at the same time.
"""

from poser.experts.wrappers.base import Wrapper
from poser.experts.wrappers.budgeted import Budget, BudgetedExpert
from poser.experts.wrappers.cached import CachedExpert
from poser.experts.wrappers.gathered import GatheredExpert, shared
from poser.experts.wrappers.rate_limited import RateLimit, RateLimitedExpert
from poser.experts.wrappers.retrying import RetryingExpert

__all__ = [
    "Budget",
    "BudgetedExpert",
    "CachedExpert",
    "GatheredExpert",
    "RateLimit",
    "RateLimitedExpert",
    "RetryingExpert",
    "Wrapper",
    "shared",
]

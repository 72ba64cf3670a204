"""`poser/ImagePoser-v0`: the MDP as a Gymnasium environment. Its class docstring is the specification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import gymnasium
import numpy as np
from numpy.typing import NDArray

from poser.critics.base import Critic
from poser.envs.driver import Driver, Task, Turn
from poser.envs.forms import choose_form, observation_space, observe
from poser.envs.info import episode_info
from poser.envs.observation import ObservationLayout
from poser.envs.pool import Prices
from poser.envs.rehearsal import rehearsal_critic, rehearsal_experts
from poser.envs.rules import INTERRUPTED, TRUNCATED, Rules
from poser.envs.strip import draw_strip
from poser.envs.tasks import TaskSource, checked_tasks, draw_task, sample_task
from poser.experts.base import Expert
from poser.experts.errors import InputError
from poser.experts.record import TrackRecord


class ImagePoserEnv(gymnasium.Env[NDArray[np.float32], np.int64]):
    r"""Carry out a plan of commands by calling experts that make and edit pictures, one call a step.

    ## Description

    A *plan* holds K commands ("Add two blue cars left of the tree"), each with *atoms*: statements about the final
    picture that a critic answers with a probability. E *experts* make pictures from text ("t2i") or edit one ("i2i").
    Each step calls one expert for one command or for several, and the critic judges the picture that comes back. The
    best picture so far is kept and returned: it is never merely the last one.

    After Image-POSER (arXiv 2511.11780), whose published form is the preset `Rules.paper()`; what differs is marked
    below. The same functions (`poser.envs.mdp`) run training, the twin and `poser generate`.

    ## Action space

    `Discrete(E·(K+1) + 1)`, with `a = e·(K+1) + t`:

    | index | expert | meaning |
    |---|---|---|
    | t < K | i2i | edit the current picture: command t |
    | t < K | t2i | draw command t alone on a fresh canvas |
    | t = K (ALL) | i2i | one call for all pending commands that e does not refuse |
    | t = K (ALL) | t2i | draw the whole plan afresh: all commands that e does not refuse and that are not dropped |
    | E·(K+1) | STOP | end; free of charge |

    A command is *pending* while it is neither satisfied nor dropped. Whole plans are sent in the user's own words
    unless something was folded or is left out; then they are recomposed from the commands.

    ## Action mask

    `info["action_mask"]` of `reset` and `step`, `action_masks()`, and the last slice of the observation: int8, 1 =
    legal, never all zero.

    | action | legal if |
    |---|---|
    | any call | something is pending; e is not disabled and has not called this target invalid on the current picture; its expected price, the verdict included, is within what is left of the budget (an unknown price never is, if there is a budget) |
    | e on t | t is pending; e does not refuse it and has failed on it fewer than `tries_per_pair` times; for i2i there is a picture, for t2i there is neither a picture nor a source |
    | i2i, ALL | there is a picture; at least two commands would be carried out |
    | t2i, ALL | there is no source; at least one command would be carried out; e has failed on ALL fewer than `tries_per_pair` times |
    | STOP | there is a picture, or nothing else is legal |

    An illegal action calls nobody, counts as a step, costs `step_cost + illegal_cost`, and sets
    `info["illegal_action"]`.

    ## Observation space

    `Box(-1, 1, (D,), float32)`, flat, in this order (`poser.envs.observation.ObservationLayout` names every feature):

    | slice | shape | content |
    |---|---|---|
    | globals | 20 | steps left, picture there, alignment now and best, shares pending, satisfied, dropped, unchecked, budget, what is on offer, failures of the critic, what retries bring |
    | commands | K × 11 | pending, satisfied, dropped, score, whether it waits for another, best expert on offer, failed tries |
    | experts | E × 14 | kind, cost, share of the budget left, means of the track record, damage, loss by merging, disabled |
    | pairs | E × (K+1) × 17 | legal, record mean and confidence, expected gain, risk, cost, net and gain by cost, leads over the best other expert, failed tries |
    | mask | E·(K+1) + 1 | the action mask |

    Nothing names an expert. Costs enter as c / (c + 0.1) with c in units of reward, so one policy serves any price
    level; under a budget prices are also seen as shares of what is left of it. Padded slots are 0.

    ## Transition

    **Alignment** Φ ∈ [0, 1] of a picture = mean over the commands of the geometric mean of their judged atoms, times
    preservation of the source: as the critic says or, where it gives none, what is kept outside of mask and regions,
    measured without a model (`poser.critics.outside_change`). An atom counts 0 if a parent atom fails (is below
    `pass_probability`). Atoms that the critic cannot judge, and commands without a judged atom, are outside. Without a
    picture Φ = 0. A source is the first current and best picture, and judged at reset if the budget covers that (else its
    Φ is 0).

    | event | effect |
    |---|---|
    | the picture has Φ' ≥ Φ (or there was none) | it becomes the current picture, and all statuses are taken from its verdict |
    | Φ' < Φ | it is discarded: a failed try, nothing else changes (`keep_regressions`: it is kept) |
    | Φ' > best Φ, or equal with more commands satisfied | it also becomes the best one |
    | InvalidRequest, ContentFiltered, BadReply | a failed try of every command that was tried; an InvalidRequest also closes this pair of expert and target until another picture is kept |
    | RateLimited, TimedOut, Unavailable | no try; `transient_limit` in a row disable the expert for the episode |
    | no verdict | not kept and no try; judged once more at the end, if the budget allows, and returned if it is the best |

    A command is *satisfied* if all its judged atoms pass in the current picture; one without judged atoms by the first
    kept call that carries it out (on this canvas). Satisfied is never sticky. A try of a pending command fails if it is
    not satisfied in a kept picture; a try of ALL fails if any of its commands does. A command is *dropped*, for good,
    when no legal call for it is left or will come, or after `tries_per_command` failed tries. Its atoms stay in Φ.

    ## Reward

    `r = ΔΦ_best − step_cost − usd_cost · dollars − second_cost · seconds`, for an illegal action
    `−step_cost − illegal_cost`, and `+ completion_bonus` at the end if all K commands are satisfied in the returned
    picture. Hence, exactly, Σr = Φ_T − Φ₀ − costs + bonus; use γ = 1.

    Dollars and seconds are *expected* ones, of the track record frozen at the start; the price of the expert is charged
    for every call, that of the critic for every picture. So the same seed gives the same rewards. An unknown price is
    charged like the dearest known one, an unknown price of the critic as 0. The verdict on a source counts toward the
    budget, not the reward. A late verdict belongs to the last step, in gain and cost.

    | setting | default | `Rules.paper()` |
    |---|---|---|
    | step_cost | 0.005 | 0.05 (size not published) |
    | usd_cost, a dollar | 1.0 | 0 |
    | second_cost, a second | 0 | 0 |
    | illegal_cost | 0.05 | 0 |
    | completion_bonus | 0.2 | 0 |
    | pass_probability | 0.5 | 0.5 (ours) |
    | max_steps | 16 | 6 |
    | tries_per_pair | 3 | no limit |
    | tries_per_command | no limit | 3 |
    | transient_limit | 2 | 2 (ours) |
    | unjudged_limit | 3 | 3 (ours) |
    | budget_usd | no budget | no budget |
    | keep_regressions | no | yes (ours) |
    | merged_calls | yes | yes |
    | first_pending | no | yes |

    ## Starting state

    A task is drawn from `tasks`, by default a sampled plan of 3 to 8 commands. Commands that nobody can ever serve are
    dropped at once. If then nothing is pending, the only legal action is STOP.

    ## Episode end

    Terminated, with `info["end"]`:

    | end | when |
    |---|---|
    | satisfied | every command is satisfied in the current picture |
    | dropped | every command is satisfied or dropped |
    | budget | the same, and the budget was a reason for dropping |
    | stopped | STOP |
    | unjudged | no verdict on `unjudged_limit` pictures in a row, or one failure that waiting does not mend (key, model) |
    | max_steps | after `max_steps` calls and illegal actions |

    Truncated only from outside: by a `TimeLimit`, or "interrupted".

    ## Info

    `action_mask`; `illegal_action`; `alignment` and `best_alignment`, Φ now and best; `satisfied`, number of commands;
    `expected_usd` spent; `failure`, name of the last call's error or ""; `end` or "".

    ## Paper preset

    `rules=Rules.paper()`: an action is an expert, `Discrete(E)` (12 in the paper); i2i experts get the first pending
    command, t2i experts the whole plan; nothing is masked, an impossible call is a failed try of the current command;
    there is no STOP. The observation is the paper's: hashed n-grams of the current command and of the remaining list,
    `Box(0, 1, (512,))` (`observation="pairs"` gives the other one).

    ## Arguments

    | argument | default | meaning |
    |---|---|---|
    | experts | a rehearsal pool of 12 fakes that draw nothing | E experts, in the order of the action index |
    | critic | one that reads the rehearsal pool | judges every picture |
    | tasks | sampled plans | function of a `numpy.random.Generator`, or a sequence of `Task` (drawn from, each time with another seed) |
    | rules | `Rules()` | settings of the MDP |
    | records | none | track record; frozen at construction |
    | max_commands | 8 | K; a plan with more commands is refused by name |
    | size | (256, 256) | width and height of sampled tasks, in pixels |
    | prices | "real" | or "simulated": the price list of benchmarks |
    | observation | "auto" | "pairs", or "text" (the paper's) |
    | deadline_seconds | 120 | for each picture of a call, up to eight |
    | render_mode | None | "rgb_array": the pictures so far, side by side |

    `reset(options={"task": Task(...)})` runs a task of your own.

    ## Version history

    - v0: first version.
    """  # noqa: E501  a row of a table cannot be broken

    metadata = {"render_modes": ["rgb_array"], "render_fps": 2}

    def __init__(
        self,
        experts: Sequence[Expert] | None = None,
        critic: Critic | None = None,
        *,
        tasks: TaskSource | None = None,
        rules: Rules = Rules(),  # noqa: B008  an immutable tuple
        records: TrackRecord | None = None,
        max_commands: int = 8,
        size: tuple[int, int] = (256, 256),
        prices: Prices = "real",
        observation: Literal["auto", "pairs", "text"] = "auto",
        deadline_seconds: float | None = 120.0,
        render_mode: str | None = None,
    ) -> None:
        if (experts is None) != (critic is None):
            raise InputError("Give both experts and critic, or neither (then a rehearsal pool of fakes is used).")
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise InputError(f"render_mode={render_mode!r} is not known; give 'rgb_array' or None.")
        if max_commands < 1:
            raise InputError(f"max_commands={max_commands!r}; give at least 1.")
        self.render_mode = render_mode
        self.driver = Driver(
            rehearsal_experts() if experts is None else experts,
            rehearsal_critic() if critic is None else critic,
            rules=rules,
            records=records,
            max_commands=max_commands,
            prices=prices,
            deadline_seconds=deadline_seconds,
        )
        if tasks is None:
            lengths = (min(3, max_commands), max_commands)
            self._tasks: TaskSource = lambda rng: sample_task(rng, lengths, width=size[0], height=size[1])
        else:
            self._tasks = checked_tasks(tasks)
        self._form = choose_form(observation, rules)
        self._turn: Turn | None = None
        self._task: Task | None = None
        layout = ObservationLayout.of(len(self.driver.specs), max_commands, rules)
        self.action_space = gymnasium.spaces.Discrete(layout.actions)
        self.observation_space = observation_space(self._form, layout)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start an episode; `options={"task": Task}` says which.

        Raises:
            InputError: the task is unsound or has more than `max_commands` commands.
        """
        super().reset(seed=seed)
        task = (options or {}).get("task")
        self._task = task = draw_task(self._tasks, self.np_random) if task is None else task
        self._turn = self.driver.reset([task])
        return self._observation(self._turn), self._info(self._turn)

    def step(self, action: np.int64 | int) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """One call and its verdict; see the class for what an action means.

        Raises:
            InputError: `reset` was not called.
        """
        self._running()
        self._turn = turn = self.driver.step([int(action)])
        outside = int(turn.state.reason[0]) in (INTERRUPTED, TRUNCATED)
        terminated = bool(turn.done[0]) and not outside
        return self._observation(turn), float(turn.reward[0]), terminated, outside, self._info(turn)

    def action_masks(self) -> NDArray[np.bool_]:
        """[A] bool, True = legal now (the name that sb3-contrib asks for)."""
        masks: NDArray[np.bool_] = self._running().mask[0].astype(bool)
        return masks

    def render(self) -> NDArray[np.uint8] | None:
        """The pictures so far as uint8 (160, 128 · (max_steps + 1), 3), or None without a render mode.

        Frames: green = became the best, blue = kept, grey = discarded.
        """
        if self.render_mode is None or self._task is None:
            return None
        driver, cells = self.driver, self.driver.rules.max_steps + 1
        return draw_strip(self._task.source, driver.steps(0), driver.step_pictures(0), cells)

    def _running(self) -> Turn:
        if self._turn is None:
            raise InputError("The environment was not started; call reset() first.")
        return self._turn

    def _observation(self, turn: Turn) -> NDArray[np.float32]:
        assert self._task is not None, "a turn belongs to a task"
        return observe(self._form, turn, self._task.plan)

    def _info(self, turn: Turn) -> dict[str, Any]:
        return episode_info(turn, 0, self.driver.record(0))

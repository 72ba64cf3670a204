# Every target is what CI runs; `make demo` and `make test` are all a newcomer needs.
PYTHON ?= python3
VENV ?= .venv
DEMO_VENV ?= .venv-demo
BIN := $(VENV)/bin
DEMO_PROMPT := docs/examples/demo_prompt.txt
DEMO_OUT := demo
WORKERS ?= 2
# benchmarks of decomposers: SEEDS="0 1", KEEP=1 leaves their trainings in runs/ for one another
DECOMPOSER = $(if $(SEEDS),--seed $(SEEDS)) $(if $(KEEP),--keep)

# thousands of small matrix products: threads only get in each other's way
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help demo test test-heavy lint format docs bench-studio bench-engine bench-experts bench-critics bench-dpg bench-recognition judge bench-judge bench-reflection \
	bench-critics-reliability policy paper-policy \
	calibration bench-policy-rivals bench-policy-sample bench-policy-zeroshot bench-policy-ablations bench-policy-ratings \
	bench-policy-pixels bench-policy-speed bench-decomposer-requests \
	bench-decomposer bench-decomposer-train bench-decomposer-ablation bench-decomposer-data bench-decomposer-outcome clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 20

$(DEMO_VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(DEMO_VENV)
	$(DEMO_VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[all,dev]'
	@touch $@

demo: $(DEMO_VENV)/.installed  ## a long prompt becomes a picture: no GPU, no key, no torch
	rm -rf $(DEMO_OUT)
	@# no calls of one's own in the track record, so that everybody sees the same picture
	POSER_HOME=$$(mktemp -d) $(DEMO_VENV)/bin/poser generate @$(DEMO_PROMPT) --out $(DEMO_OUT) --seed 1

test: $(VENV)/.installed  ## the default test suite, under 4 minutes on 2 cores
	$(BIN)/python -m pytest -n $(WORKERS)

test-heavy: $(VENV)/.installed  ## real libraries, subprocesses, fresh venvs
	$(BIN)/python -m pytest -n 1 -m heavy

lint: $(VENV)/.installed  ## ruff, import contracts, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: $(VENV)/.installed  ## rewrite the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.installed  ## regenerate the pages that are made from code
	$(BIN)/python scripts/build_docs.py

bench-studio: $(VENV)/.installed  ## the annotated prompts: every expert alone, best-of-N, rule agent, greedy
	$(BIN)/python -m benchmarks.studio

bench-engine: $(VENV)/.installed  ## engine time a step, encoding, start-up of the command line
	$(BIN)/python -m benchmarks.engine

bench-experts: $(VENV)/.installed  ## overlapped calls beside the bare client, adapters, batches, replayed runs
	$(BIN)/python -m benchmarks.experts

bench-critics: $(VENV)/.installed  ## critics that are real models, beside their bare clients
	$(BIN)/python -m benchmarks.critics

bench-dpg: $(VENV)/.installed  ## the rule-based extractors on real prose: make bench-dpg DATA=prompts.jsonl
	$(BIN)/python -m benchmarks.dpg $(if $(DATA),--data $(DATA))

bench-recognition: $(VENV)/.installed  ## eye and detector on 1,000 seeded scenes, and under every style
	$(BIN)/python -m benchmarks.recognition

judge: $(VENV)/.installed  ## retrain the neural judge on painted pictures (torch, one core, about 20 minutes)
	$(BIN)/python -m scripts.train_judge

bench-judge: $(VENV)/.installed  ## the neural judge beside the detector: recognition, agreement with facts
	$(BIN)/python -m benchmarks.judge

bench-critics-reliability: $(VENV)/.installed  ## critics on 2,000 pictures of known truth, panels, critic error on the twin
	$(BIN)/python -m benchmarks.critics_reliability

bench-reflection: $(VENV)/.installed  ## rewording what has failed twice, with experts that read text (scripted rewriter)
	$(BIN)/python -m benchmarks.reflection

policy: $(VENV)/.installed  ## retrain the shipped policy on random twins (about eight minutes)
	rm -rf runs/default
	$(BIN)/python train_dqn.py --preset default --out runs/default
	cp runs/default/bundle/* poser/policies/data/default_policy/

paper-policy: $(VENV)/.installed  ## train the original paper's agent: on the fitted twin, then on pixels (about ten minutes)
	rm -rf runs/paper runs/paper-pixels
	$(BIN)/python train_dqn.py --preset paper --calibration benchmarks/data/studio_calibration.json --out runs/paper
	$(BIN)/python train_dqn.py --preset paper-pixels --calibration benchmarks/data/studio_calibration.json \
		--trained-agent runs/paper/bundle --out runs/paper-pixels
	mkdir -p benchmarks/data/paper_policy
	cp runs/paper-pixels/bundle/* benchmarks/data/paper_policy/

calibration: $(VENV)/.installed  ## calls that the studio's fitted twin and shipped track record are made of (ten minutes)
	POSER_HOME=$$(mktemp -d) $(BIN)/poser experts calibrate --episodes 160 --edits 0 --size 512 --seed 1 --no-learn \
		--out benchmarks/data/studio_calibration.json
	@# a file of its own: twins and benchmarks are made of the first one
	POSER_HOME=$$(mktemp -d) $(BIN)/poser experts calibrate --episodes 64 --edits 320 --size 512 --seed 2 --no-learn \
		--out benchmarks/data/studio_edits.json
	$(BIN)/python -m scripts.build_studio_record

bench-policy-rivals: $(VENV)/.installed  ## the learned policy, all rivals and the optimum on unseen pools and the studio's twin
	$(BIN)/python -m benchmarks.policy_rivals

bench-policy-pixels: $(VENV)/.installed  ## the policies on the annotated prompts with pictures, two judges, beside the twin
	$(BIN)/python -m benchmarks.policy_pixels

bench-policy-sample: $(VENV)/.installed  ## environment steps to learn one registry, beside plain SB3
	$(BIN)/python -m benchmarks.policy_sample

bench-policy-zeroshot: $(VENV)/.installed  ## registries that were never seen, beside policies trained on them; newcomers
	$(BIN)/python -m benchmarks.policy_zeroshot

bench-policy-ablations: $(VENV)/.installed  ## what each part of agent and rules is worth
	$(BIN)/python -m benchmarks.policy_ablations

bench-policy-ratings: $(VENV)/.installed  ## real ratings of real models: make bench-policy-ratings DATA=table.jsonl
	$(BIN)/python -m benchmarks.policy_ratings $(if $(DATA),--data $(DATA))

bench-decomposer-requests: $(VENV)/.installed  ## generated requests: splits, and what the rule-based extractor makes of them
	$(BIN)/python -m benchmarks.decomposer_requests

bench-policy-speed: $(VENV)/.installed  ## steps of the twin a second, time of a decision
	$(BIN)/python -m benchmarks.policy_speed

bench-decomposer-train: $(VENV)/.installed  ## imitation, continued imitation and GRPO on the tiny preset: SEEDS="0 1" (40 minutes a seed on one core)
	$(BIN)/python -m benchmarks.decomposer_train $(DECOMPOSER)

bench-decomposer-ablation: $(VENV)/.installed  ## decomposer without the goal reward; plans in one call or several (10 minutes a seed after -train)
	$(BIN)/python -m benchmarks.decomposer_ablation $(DECOMPOSER)

bench-decomposer-data: $(VENV)/.installed  ## decomposers of 250 to 16,000 annotated requests (40 minutes a seed on two cores)
	$(BIN)/python -m benchmarks.decomposer_data $(DECOMPOSER)

bench-decomposer-outcome: $(VENV)/.installed  ## F1s alone, outcome rewards, co-training: what plans bring on the twin (15 minutes a seed after -train)
	$(BIN)/python -m benchmarks.decomposer_outcome $(DECOMPOSER)

bench-decomposer:  ## the four of them, with one warm start a seed
	$(MAKE) bench-decomposer-train bench-decomposer-ablation bench-decomposer-data bench-decomposer-outcome KEEP=1

clean:  ## remove what was built
	rm -rf $(VENV) $(DEMO_VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# `make demo` and `make test` each make their own .venv and need nothing outside this clone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO_OUT := out/demo
# Our tracks' scores are held against its; its dependencies, which that does not need, bring another OpenCV.
TRACKERS := trackers==2.6.1

.PHONY: demo test lint viewer clean help

help:
	@echo "make demo   install, fetch models and a film, put bodies into it"
	@echo "make test   install everything, lint, check types, run the tests"
	@echo "make viewer build the page of spsnet view anew from web/, with npm"

# Runtime only, no PyTorch. Editable, so that a checkout runs its own code and weights.
$(VENV)/.runtime: pyproject.toml
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.test: $(VENV)/.runtime
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	$(BIN)/python -m pip install --quiet --no-deps $(TRACKERS)
	touch $@

demo: $(VENV)/.runtime
	$(BIN)/spsnet models pull
	film=$$($(BIN)/spsnet models pull footage-sports2d | cut -d' ' -f3-) && \
	$(BIN)/spsnet run "$$film" --out $(DEMO_OUT) --force
	@echo "Look at $(DEMO_OUT)/: overlay.mp4 is the film with the bodies over it and from the side."

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

# The page of `spsnet view`: needs npm. What it writes is committed.
viewer:
	cd web && npm ci && npm run build

clean:
	rm -rf $(VENV) out

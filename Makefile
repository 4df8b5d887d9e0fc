# Everything here needs Python 3.11+, make and a package registry; the rest it sets up in .venv itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test peers check format screenshots bench findings clients rights protos clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s'|'

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "meshtui needs Python 3.11 or newer; set PYTHON=python3.11 or later")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP)  ## start a real mesh on this machine and look at it
	@$(BIN)/meshtui demo $(ARGS)

test: $(STAMP)  ## every test that needs nothing but Python
	$(BIN)/python -m pytest -n 4 --dist worksteal $(ARGS)

peers: $(STAMP)  ## tests against grpc-go, grpc-java, grpc-js and grpcurl, built here; what they need is installed if missing
	$(BIN)/python -m tests.peers.tools
	MESHTUI_PEERS=1 $(BIN)/python -m pytest tests/peers $(ARGS)

check: $(STAMP)  ## format, lint, layers and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

format: $(STAMP)  ## put the code in shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

screenshots: $(STAMP)  ## SVG and PNG of the real program on the real demo mesh (PNG needs Chromium)
	$(BIN)/python -m tests.screenshots

bench: $(STAMP)  ## every measured claim, one after the other
	$(BIN)/python -m bench

findings: $(STAMP)  ## write docs/findings from the kinds of findings
	$(BIN)/python -m meshtui.doctor.pages docs/findings

clients: $(STAMP)  ## write docs/clients.md from what is known of each gRPC
	$(BIN)/python -m meshtui.present.client_page docs/clients.md

rights: $(STAMP)  ## write what docs/locked-down-rbac.md says of rights
	$(BIN)/python -m meshtui.present.rights_page docs/locked-down-rbac.md

protos: $(STAMP)  ## generate meshtui/protos from the .proto file
	$(BIN)/python -m grpc_tools.protoc -I . --python_out=. --pyi_out=. meshtui/protos/echo.proto

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis

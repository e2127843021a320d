# Lingxi. Every target brings what it needs and does only what is stale; `make` lists the targets.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test train validate chat gate lint soak spark bench bench-nlu bench-knowledge bench-analytics bench-channels seed wechat-menu clean lock environments model

export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export SQLALCHEMY_SILENCE_UBER_WARNING := 1
export TQDM_DISABLE := 1

# uv makes the environments: the one on PATH, or one brought into .uv/ when there is none.
UV := $(shell command -v uv 2>/dev/null)
ifeq ($(UV),)
UV := .uv/bin/uv
UV_STEP := .uv/bin/uv
endif
export UV

RASA := .venv/.installed
SERVICES := .venv-services/.installed
SPARK := .venv-spark/.installed

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: environments .env model ## 启动全部进程并打印地址 / start everything, print the addresses; WORKERS=2: two Rasa processes; STANDINS=1: a phone with WeChat and SMS
	@.venv/bin/python -m deploy.run $(if $(WORKERS),--workers $(WORKERS)) $(if $(STANDINS),--standins)

test: environments ## 全部检查与测试 / every check and test, with its own servers and ports
	@.venv-services/bin/python -m tests.run

train: environments model ## Train the model when its sources have changed

validate: environments ## Check training data and domain for conflicts
	@.venv/bin/python -m deploy.assistant data validate

chat: environments .env model ## Talk to it in the terminal, beside `make run`; CUSTOMER=C000001 speaks for that demo customer
	@.venv/bin/python -m deploy.assistant shell $(if $(CUSTOMER),--customer $(CUSTOMER))

lint: environments ## ruff and mypy on both sides
	@.venv-services/bin/python -m tests.run lint

gate: environments model ## What the model understands and the knowledge search finds, against their thresholds
	@.venv/bin/python -W ignore -m tests.gates; intents=$$?; \
	.venv-services/bin/python -m backoffice.knowledge.measuring && exit $$intents

soak: environments model $(SPARK) ## The long proofs: generated tests at 25 times their size (50,000 inputs a public route), 60 drawn pictures read, writes cut off, Spark, two troubled days of LINGXI_SOAK_MINUTES=30 (two hours)
	@.venv-services/bin/python -m tests.run soak

spark: $(SPARK) ## A Spark master with two workers finds what DuckDB finds (needs Java 17; brings PySpark, 400 MB)
	@.venv-spark/bin/python -W ignore -m pytest -q tests/spark

bench: environments ## Speed, memory and training beside Rasa's default recipe (half an hour)
	@.venv-services/bin/python -m bench.rest

bench-nlu: environments ## What pipelines understand, and at what cost (an hour)
	@.venv/bin/python -W ignore -m bench.nlu

bench-knowledge: environments model ## The knowledge search: 10,000 entries, over HTTP, publishing to chat, Rasa's ResponseSelector beside it
	@.venv-services/bin/python -m bench.knowledge

bench-analytics: environments ## From a million events to figures, beside naive pandas (ten minutes)
	@.venv-services/bin/python -m bench.analytics

bench-channels: environments model ## WeChat pushes through the stand-in: acknowledged, answered, 200 conversations at once (three minutes)
	@.venv-services/bin/python -m bench.channels

seed: environments .env ## Fill the demo shop (does nothing when it is filled)
	@.venv-services/bin/python -m backoffice seed

wechat-menu: environments .env ## Set the WeChat account's menu (connectors/wechat/menu.yml)
	@.venv/bin/python -m connectors.wechat.menu

clean: ## Remove models, caches and test results; keeps .env, var/ and the environments
	rm -rf models results .rasa .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis var/test
	find . -name __pycache__ -not -path './.*' -prune -exec rm -rf {} +

environments: $(RASA) $(SERVICES)

model: $(RASA)
	@.venv/bin/python -m deploy.model

.env: | $(RASA)
	@.venv/bin/python -m deploy.environment

$(RASA): requirements/rasa-test.txt | $(UV_STEP)
	@sh deploy/make_venv.sh .venv $< 3.10

$(SERVICES): requirements/services-test.txt analytics/pyproject.toml | $(UV_STEP)
	@sh deploy/make_venv.sh .venv-services $< 3.12 3.11 3.13
	@"$(UV)" pip install --quiet --python .venv-services/bin/python --no-deps --no-build-isolation --editable analytics

$(SPARK): requirements/services-spark.txt analytics/pyproject.toml | $(UV_STEP)
	@sh deploy/make_venv.sh .venv-spark $< 3.12 3.11 3.13
	@"$(UV)" pip install --quiet --python .venv-spark/bin/python --no-deps --no-build-isolation --editable analytics

.uv/bin/uv:
	@echo "→ .uv: uv"
	@python=$$(NEEDS=ensurepip UV= sh deploy/find_python.sh 3.13 3.12 3.11 3.10 3.9) && "$$python" -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv

# Locks carry hashes and no index address, so they install from any mirror.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" "$(UV)" pip compile --quiet --universal --generate-hashes --no-emit-index-url

lock: environments ## Resolve the requirements/ locks anew from the three pyproject.toml
	$(COMPILE) --python .venv/bin/python pyproject.toml -o requirements/rasa.txt
	$(COMPILE) --python .venv/bin/python --extra test pyproject.toml -o requirements/rasa-test.txt
	$(COMPILE) --python-version 3.11 backoffice/pyproject.toml analytics/pyproject.toml -o requirements/services.txt
	$(COMPILE) --python-version 3.11 --extra test backoffice/pyproject.toml analytics/pyproject.toml -o requirements/services-test.txt
	$(COMPILE) --python-version 3.11 --extra test --extra spark -c requirements/services-test.txt backoffice/pyproject.toml analytics/pyproject.toml -o requirements/services-spark.txt

# Two commands do everything: `make run` and `make test`. Build products live outside the clone.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/muster/target

.PHONY: run test lint bench soak conformance setup-build setup-test

run: setup-build
	@.ci/run-dev

test: setup-build setup-test
	@.ci/test

lint: setup-build
	@.ci/lint

bench: setup-build
	@bench/run

soak: setup-build
	@.ci/soak

conformance:
	@echo "conformance: not built yet: the comparison with the real Consul is a later piece of work" >&2; exit 1

setup-build:
	@.ci/install libclang-dev make

setup-test:
	@.ci/install dnsutils curl iproute2 nginx-light
	@bench/get-prometheus >/dev/null

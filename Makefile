# Two commands do everything: `make run` and `make test`. Build products live outside the clone.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/muster/target

.PHONY: run test lint bench conformance setup-build setup-test setup-bench

run: setup-build
	@.ci/run-dev

test: setup-build setup-test
	@.ci/test

lint: setup-build
	@.ci/lint

bench: setup-build setup-bench
	@bench/run $(BENCH_ARGS)

conformance:
	@echo "conformance: not built yet: the comparison with the real Consul is a later piece of work" >&2; exit 1

setup-build:
	@.ci/install libclang-dev make

setup-test:
	@.ci/install dnsutils curl

setup-bench:
	@.ci/install --no-start wrk dnsperf nginx-light knot util-linux

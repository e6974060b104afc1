# Two commands do everything: `make run` and `make test`. Build products live outside the clone.
export CARGO_TARGET_DIR ?= $(HOME)/.cache/muster/target

.PHONY: run test lint bench soak conformance setup-build setup-test setup-bench

run: setup-build
	@.ci/run-dev

test: setup-build setup-test
	@.ci/test

lint: setup-build
	@.ci/lint

bench: setup-build setup-bench
	@bench/run $(BENCH_ARGS)

soak: setup-build
	@.ci/soak

conformance: setup-build
	@conformance/run $(CONFORMANCE_ARGS)

setup-build:
	@.ci/install libclang-dev make

setup-test:
	@.ci/install dnsutils curl iproute2 nginx-light docker.io iptables busybox-static
	@command -v docker >/dev/null || .ci/install docker-cli
	@bench/get-prometheus >/dev/null

setup-bench:
	@.ci/install wrk dnsperf nginx-light knot util-linux

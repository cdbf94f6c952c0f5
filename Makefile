# What one does here day by day; CONTRIBUTING.md says more, .ci/run has all steps.
SHELL := bash
.SHELLFLAGS := -o pipefail -c
.PHONY: test race bench lint ci

test:
	go test ./...

race:
	.ci/run '^race detector$$'

# The benchmarks that match BENCH, COUNT times each, into a file named after the commit.
BENCH ?= .
COUNT ?= 10
OUT ?= bench-$(shell git describe --always --dirty).txt
bench:
	go test -run '^$$' -bench '$(BENCH)' -count $(COUNT) -timeout 60m ./internal/apitest | tee $(OUT)
	@echo; echo 'compare: go run golang.org/x/perf/cmd/benchstat@latest bench-OLD.txt $(OUT)'

lint:
	.ci/run '^(go vet|go mod tidy|gofmt|golangci-lint)$$'

ci:
	.ci/run

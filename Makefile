# Holdline. `make` alone says what there is.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo up down logs ps call build test test-model test-mutants test-crowd test-shifts fuzz test-demo lint check-config test-parts test-stack bench bench-match bench-fake record-asterisk clean

# Handed to image builds: which module proxy this machine uses, what is built.
export GOPROXY ?= $(shell go env GOPROXY 2>/dev/null)
export VERSION ?= $(shell git describe --always --dirty --tags 2>/dev/null || echo dev)

GOBIN := $(shell go env GOPATH 2>/dev/null)/bin
GOLANGCI_LINT := v2.15.0
GOVULNCHECK := v1.9.0
# The race detector needs a C compiler; without one the tests still run.
RACE := $(shell command -v "$${CC:-cc}" >/dev/null && echo -race)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: ## a contact center in one process, with Go alone, on stand-ins; Ctrl-C ends it (ARGS="--for 20s", "--for 20s -o json", "--calls 10000 --agents 500", "-h")
	@set -m; scripts/demo $(ARGS)

up: ## build and start everything, and wait until it is healthy (as root on a bare Debian or Ubuntu it says what it installs, then installs Docker)
	@scripts/engine
	@scripts/standins
	@scripts/env
	@docker compose up --detach --quiet-pull --remove-orphans --wait --wait-timeout 300
	@docker compose ps --all --format 'table {{.Service}}\t{{.Name}}\t{{.Status}}'

down: ## stop everything and remove it with its network and data
	@[ -e .env ] || scripts/env
	@docker compose down --volumes --remove-orphans

logs: ## follow the logs of all parts
	@docker compose logs --follow --tail 100

ps: ## what runs, and how it feels
	@docker compose ps --all --format 'table {{.Service}}\t{{.Name}}\t{{.Status}}'

call: ## one real call through the running stack, with its timeline (ARGS="--trace" for more)
	@set -a; . ./.env; \
	HOLDLINE_SIP_PROXIES=172.30.77.11:5060,172.30.77.12:5060 HOLDLINE_REDIS_ADDRS=172.30.77.6:6379 \
	HOLDLINE_REDIS_USER=operator HOLDLINE_REDIS_PASSWORD=$$REDIS_OPERATOR_PASSWORD \
	docker run --rm --network holdline_holdline --ip 172.30.77.20 --env HOLDLINE_SEED_AGENT_PASSWORD --env HOLDLINE_SIP_PROXIES \
		--env HOLDLINE_REDIS_ADDRS --env HOLDLINE_REDIS_USER --env HOLDLINE_REDIS_PASSWORD holdline/holdline call $(ARGS)

build: ## the binary, ./holdline
	CGO_ENABLED=0 go build -trimpath -ldflags "-X main.version=$(VERSION)" -o holdline ./cmd/holdline

test: ## vet, unit, model and embedded tests: needs Go alone
	@[ -n "$(RACE)" ] || echo "no C compiler: the tests run without the race detector"
	go vet ./...
	go test $(RACE) ./...

test-mutants: ## takes away, one at a time, what the engine's promises stand on, and wants the suite to turn red: a minute
	go test ./queue -count=1 -timeout 15m -v -run 'TestMutants$$' -mutants

test-model: ## the model of the queue against the engine on a redis-server, 2,000,000 operations: half an hour
	HOLDLINE_MODEL_OPS=2000000 go test -timeout 4h -count 1 -v -run '^TestRedis$$' ./queue/model | grep -v '^=== '

test-crowd: ## 8 matchers, 1,000 agents, 20,000 contacts at once on a real Redis; the journal and what each part saw are judged
	go test ./queue -count=1 -timeout 10m -v -run 'TestCrowd$$' -crowd

test-shifts: ## a thousand random shifts on a virtual clock, and the basic-acd scenario for 25 hours at each load
	go test ./queue -count=1 -timeout 30m -v -run 'TestShifts$$|TestScenario$$' -shifts 1000 -scenario-hours 25

fuzz: ## every decoder of what stands in Redis, half a minute each
	@for f in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\).*/\1/p' queue/*_test.go); do go test ./queue -run '^$$' -fuzz "^$$f\$$" -fuzztime 30s; done

test-demo: ## the demo's own tests: the first time, its stand-ins for Redis and MySQL are compiled
	cd demo && go vet ./... && go test $(RACE) ./...

lint: $(GOBIN)/golangci-lint-$(GOLANGCI_LINT) $(GOBIN)/govulncheck-$(GOVULNCHECK) ## gofmt, vet, golangci-lint, govulncheck, shell syntax
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "not gofmt'ed: $$unformatted"; exit 1; }
	go vet ./...
	go vet -tags stack ./...
	cd demo && go vet ./...
	$(GOBIN)/golangci-lint-$(GOLANGCI_LINT) run ./...
	cd demo && $(GOBIN)/golangci-lint-$(GOLANGCI_LINT) run ./...
	@for f in $$(git ls-files scripts .ci redis mysql asterisk kamailio | xargs grep -lE '^#!/bin/(ba)?sh|^#!/usr/bin/env bash'); do bash -n "$$f"; done
	@out=$$($(GOBIN)/govulncheck-$(GOVULNCHECK) ./... 2>&1) && echo "govulncheck: nothing found" || \
	case "$$out" in *"fetching vulnerabilities"*) echo "govulncheck: its database cannot be reached; NOT checked" ;; *) echo "$$out"; exit 1 ;; esac

$(GOBIN)/golangci-lint-$(GOLANGCI_LINT):
	GOBIN=$(GOBIN) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT)
	@ln -sf golangci-lint $@

$(GOBIN)/govulncheck-$(GOVULNCHECK):
	GOBIN=$(GOBIN) go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK)
	@ln -sf govulncheck $@

check-config: ## each part's own check of its configuration, in its own image
	@scripts/engine
	@scripts/standins
	@scripts/env
	docker compose config --quiet
	@! env -i PATH="$$PATH" docker compose --env-file /dev/null config --quiet 2>/dev/null || { echo "compose.yaml takes a missing secret"; exit 1; }
	docker run --rm --env HAPROXY_STATS_PASSWORD=x --volume ./haproxy/haproxy.cfg:/usr/local/etc/haproxy/haproxy.cfg:ro haproxy:3.2 -c -dW -f /usr/local/etc/haproxy/haproxy.cfg

	docker compose build --quiet kamailio-1 asterisk
	redis/check
	kamailio/check holdline/kamailio
	asterisk/check holdline/asterisk
	asterisk/check holdline/asterisk lua

test-parts: ## queue, directory, ari, the SIP edge and the balancer against a real Redis, MySQL, Asterisk, Kamailio and HAProxy of their own
	@scripts/engine
	@scripts/standins
	@scripts/env
	@docker compose build --quiet asterisk kamailio-1 rtpengine
	scripts/with-parts go test -p 1 $(RACE) -tags stack -count=1 ./queue/... ./directory/... ./ari
	HOLDLINE_TEST_KAMAILIO=holdline/kamailio go test $(RACE) -count=1 ./kamailio
	HOLDLINE_TEST_HAPROXY=haproxy:3.2 go test $(RACE) -count=1 ./haproxy

record-asterisk: ## what a real Asterisk does, written down in ari/fake/testdata/recorded (twice; the two must agree)
	@scripts/engine
	@scripts/standins
	@scripts/env
	@docker compose build --quiet asterisk
	HOLDLINE_RECORD=2 go test -tags stack -count=1 -timeout 20m -run TestRecorded ./ari/aritest
	git diff --stat -- ari/fake/testdata/recorded
	go test -count=1 -run TestRecorded ./ari/fake

bench-fake: ## what the fake Asterisk bears: 10,000 waiting, 500 events a second, 20 nodes, against a baseline of the same run
	@echo "$$(uname -sm), $$(nproc) cores, load $$(cut -d' ' -f1 /proc/loadavg), $$(go version)"
	go test -run '^$$' -bench Node -benchtime 1x -timeout 10m ./ari/fake

test-stack: up ## the acceptance tests, with real calls, on the compose stack
	@if [ -s build/standins.txt ]; then echo "tested with stand-ins for these official images:"; cat build/standins.txt; fi
	go test -tags stack -count=1 -timeout 10m ./ari/aritest
	set -a; . ./.env; go test -tags stack -count=1 -timeout 20m -v ./test

bench: ## calls against Holdline, app_queue and Dial(), on a stack of its own; build/bench/calls.json (about ten minutes; ARGS="-rows burst" for one row)
	@scripts/engine
	@scripts/standins
	@scripts/env
	@bench/run $(ARGS)

bench-match: ## what a claim costs, and the ways of others, on this machine's redis-server
	go run ./bench/match

clean: ## remove what builds and tests left, the images built here too
	rm -rf build holdline
	docker images --quiet 'holdline/*' | sort -u | xargs --no-run-if-empty docker image rm --force

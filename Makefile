# The commands of the project. `make` lists them.

GO       ?= go
RACE     := -race -shuffle=on -pgo=off
FUZZTIME ?= 30s

.PHONY: help run year build test check fmt vet lint bench profile fuzz soak postgres clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "%-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: postgres build ## build, load the sample once, show the books, serve on 127.0.0.1:8080
	bin/zhucan demo

year: postgres build ## take a synthetic province of a million events into bin/year, show the books and indicators, verify
	bin/zhucan --data bin/year demo --scale year --once

build: ## build bin/zhucan
	$(GO) build -trimpath -o bin/zhucan ./cmd/zhucan

test: postgres ## every test, with the race detector, on real JetStream and real Postgres
	$(GO) vet ./...
	$(GO) test $(RACE) -timeout 40m ./...

check: fmt vet lint test ## what a commit must pass

fmt: ## gofmt, as a check
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }

vet: ## go vet
	$(GO) vet ./...

lint: ## staticcheck, at the version go.mod pins
	$(GO) tool staticcheck ./...

bench: postgres build ## our figures beside the raw limits of this machine
	bin/zhucan bench

# The program is measured from a folder that says nothing of this machine: its path is in the profile.
# Knowing that sha256.Sum256 is called often, the compiler moves what it hashes to the heap.
profile: postgres ## measure where the time goes, for the compiler, which reads cmd/zhucan/default.pgo
	dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	$(GO) build -trimpath -o "$$dir/zhucan" ./cmd/zhucan && \
	"$$dir/zhucan" --data bin/profile bench --profiles "$$dir/profiles" && \
	$(GO) tool pprof -proto -ignore '^crypto/sha256\.' "$$dir"/profiles/*.pprof >cmd/zhucan/default.pgo

fuzz: ## each fuzz target for FUZZTIME
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz' || true); do \
			echo "$$package $$target"; $(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

soak: postgres ## the property and fault tests, long
	$(GO) test $(RACE) -timeout 6h -rapid.checks=20000 ./ledger/book ./events ./projections
	ZHUCAN_SOAK=1 $(GO) test $(RACE) -timeout 6h ./events/natslog ./projections/... ./cmd/...

postgres: # install PostgreSQL when there is none
	@.ci/postgres

clean: ## remove what was built; the data folder stays
	rm -rf bin

# staticcheck is run at this version, without being installed or in go.mod.
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
# Looks for what attackers look for, and for known vulnerabilities.
GOSEC = github.com/securego/gosec/v2/cmd/gosec@v2.23.0
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.8.0
# Rules of gosec's that say nothing here; docs/decisions/0015-supply-chain.md
# has the reason for each.
GOSEC_EXCLUDE = G104,G115,G117,G304,G703
PROFILE ?= coverage/profile.out
FUZZTIME ?= 10s
# How many worlds to simulate, and by night how many in all and at a time.
SEEDS ?= 1000
NIGHTLY = 100000
CHUNK = 2000
# The packages whose tests must reach at least this much of them.
COVERED = github.com/billhook/billhook github.com/billhook/billhook/sign github.com/billhook/billhook/profile github.com/billhook/billhook/receive
MINIMUM = 85

# What the race detector looks at.
RACED ?= $$(go list ./... | grep -vE '/internal/(e2e|browser|docstest|typescript|verifydocs)$$')

VERSION ?=
# The systems that release-check builds for, twice; all where it is empty.
ONLY ?=

.PHONY: help run test race lint security vulncheck coverage fuzz fuzz-nightly sim sim-nightly verify bench release release-check chart

help: ## Show this list.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-13s %s\n", $$1, $$2 }' Makefile

run: ## Run the service for development on 127.0.0.1:4000.
	go run ./cmd/billhook serve --dev

test: ## Run all tests.
	go test ./...

# SQLite, which is C made Go, is not looked at: its memory is guarded by locks that
# are, and all tests on it would take ten times as long. What is left out, and what
# tests skip with -short, starts programs that are built without the detector. vet has
# its step in lint.
race: ## Run all tests with the race detector (needs a C compiler).
	CGO_ENABLED=1 go test -race -gcflags='modernc.org/sqlite/lib=-race=false' -gcflags='modernc.org/libc/...=-race=false' \
		-short -vet=off -count=1 -timeout 30m $(RACED)

lint: ## Check format, vet, staticcheck and the module file.
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	go mod tidy -diff

security: ## Look for what attackers look for (gosec).
	go run $(GOSEC) -quiet -color=false -exclude=$(GOSEC_EXCLUDE) -exclude-dir=internal/bench -exclude-dir=internal/sim \
		-exclude-dir=internal/postgrestest -exclude-dir=storetest ./...

vulncheck: ## Look for known vulnerabilities in what is linked; needs vuln.go.dev.
	go run $(GOVULNCHECK) ./...

coverage: ## Check how much the tests reach (make coverage PROFILE=file, or runs them).
	@test -s $(PROFILE) || { mkdir -p $(dir $(PROFILE)) && go test -coverprofile=$(PROFILE) ./...; }
	@for p in $(COVERED); do \
		awk -v p=$$p -v min=$(MINIMUM) 'NR > 1 { split($$1, at, ":"); dir = at[1]; sub("/[^/]*$$", "", dir); \
			if (dir == p) { all += $$2; if ($$3 > 0) hit += $$2 } } \
			END { if (!all) { print p ": not measured"; exit 1 } c = 100 * hit / all; \
			printf "%s: %.1f%% covered (at least %d%%)\n", p, c, min; exit c < min }' $(PROFILE) || exit 1; \
	done

# The targets are read from the sources: to ask the tests for them would build them all.
fuzz: ## Run each fuzz target for FUZZTIME.
	@found=0; for folder in $$(go list -f '{{.Dir}}' ./...); do \
		for target in $$(sed -nE 's/^func (Fuzz\w*)\(.*/\1/p' $$folder/*_test.go 2>/dev/null); do \
			found=1; go test -vet=off -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5s $$folder || exit 1; \
		done; done; test $$found = 1

fuzz-nightly: ## Run each fuzz target for a minute.
	$(MAKE) fuzz FUZZTIME=60s

sim: ## Simulate SEEDS worlds of crashes, pauses and lost answers (make sim SEEDS=1000).
	BILLHOOK_SIM_SEEDS=$(SEEDS) go test ./internal/sim -run 'Seeds$$' -count=1 -timeout 60m

sim-nightly: ## Simulate 100,000 worlds, in chunks; a failing one stops none.
	@failed=0; for from in $$(seq 1 $(CHUNK) $(NIGHTLY)); do \
		echo "worlds $$from and on"; \
		BILLHOOK_SIM_FROM=$$from BILLHOOK_SIM_SEEDS=$(CHUNK) go test ./internal/sim -run 'Seeds$$' -count=1 -timeout 60m || failed=1; \
	done; exit $$failed

verify: ## All that the gate does.
	.ci/run

bench: ## Measure this machine beside a forwarder that keeps nothing (see --help for the rest).
	go run ./cmd/billhook bench

release: ## Build what is handed out, for all systems, into dist/ (VERSION=1.2.3 where no tag says it).
	go run ./packaging/release -version=$(VERSION)

release-check: ## Build it twice, from different folders and caches, and compare (ONLY=linux/amd64,…).
	go run ./packaging/release -check -only=$(ONLY) -version=$(VERSION)

chart: ## Have Helm judge the chart, and read what it makes as Kubernetes would.
	cd packaging/helm/check && go vet ./... && go test -count=1 -v ./...

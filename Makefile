# Two commands do everything on a machine that has Go and make:
#   make demo    the main job, without an account
#   make test    the tests
# `make help` lists the rest.

GO      ?= go
TOOL     = $(GO) tool -modfile=.tools/go.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS  = -s -w -X main.version=$(VERSION)
EXE      = $(if $(filter windows,$(shell $(GO) env GOOS)),.exe,)
PLUGINS  = $(notdir $(wildcard plugin/idrec-plugin-*))

# The race detector needs cgo and a C compiler. Where there is none the tests run without it and say so.
CC_FOUND := $(shell command -v $$($(GO) env CC) 2>/dev/null)
RACE      = $(if $(CC_FOUND),-race,)

# Rooms that work on pixels, or start hundreds of processes: the race detector makes them up to thirty
# times slower, so with it they leave out what has one goroutine (-short), and run whole without it.
empty :=
space := $(empty) $(empty)
HEAVY_ROOMS_LIST = sdk/picture sdk/specimen sdk/local sdk/local/internal/find sdk/ledger/crash
HEAVY_ROOMS      = ($(subst $(space),|,$(HEAVY_ROOMS_LIST)))
# Its own target: it needs Node and grpc for Python.
POLYGLOT = host-example/polyglot
# Modules of their own, so that nobody inherits what they need.
NESTED = host-example/minimal
# Those whose tests have targets of their own.
NESTED_ENGINES = host-example/temporal host-example/benthos

# The core is built and vetted for these.
PLATFORMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
FUZZTIME ?= 10s
ROWS     ?= 10000000

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/idrec and bin/idrec-plugin-*
	@mkdir -p bin
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/idrec$(EXE) ./host-example/idrec
	@for p in $(PLUGINS); do \
	  echo "CGO_ENABLED=0 $(GO) build … ./plugin/$$p"; \
	  CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/$$p$(EXE) ./plugin/$$p || exit 1; \
	done

.PHONY: demo
demo: build ## read the specimen set through plugin and signed HTTP, no account needed
	bin/idrec$(EXE) demo --dir demo

.PHONY: test
test: ## run all tests, with the race detector where a C compiler is
	@test -n "$(CC_FOUND)" || echo "note: no C compiler found: the tests run without the race detector"
	@test -n "$(CC_FOUND)" -o -z "$(IDREC_REQUIRE_RACE)"
	$(GO) test $(RACE) -timeout 20m $$($(GO) list ./... | grep -vE '$(HEAVY_ROOMS)$$|$(POLYGLOT)$$')
	$(if $(RACE),$(GO) test $(RACE) -short $(addprefix ./,$(filter-out sdk/local%,$(HEAVY_ROOMS_LIST))))
	$(GO) test -timeout 20m $(addprefix ./,$(HEAVY_ROOMS_LIST))
	$(GO) test -run NoCoreDump ./sdk/serve # the core of a program with the race detector is terabytes
	@for m in $(NESTED); do echo "cd $$m && $(GO) vet ./... && $(GO) test ./..."; (cd $$m && $(GO) vet ./... && $(GO) test ./...) || exit 1; done

.PHONY: polyglot
polyglot: ## a host in Node.js and a provider in Python, put to the test
	npm ci --silent --no-audit --no-fund --prefix $(POLYGLOT)/node
	IDREC_REQUIRE_POLYGLOT=1 $(GO) test -count 1 ./$(POLYGLOT)

# Each in a module or package of its own, with what it needs.
ENGINES = temporal benthos shell node-red

.PHONY: engines
engines: ## a sample on each real workflow engine, and one table; minutes
	@mkdir -p bin && rm -f bin/engines.ndjson
	@for e in $(ENGINES); do IDREC_ENGINES=$(CURDIR)/bin/engines.ndjson IDREC_ENGINE_PICTURES=200 $(MAKE) -C host-example/$$e run-sample || exit 1; done
	$(GO) run ./host-example/internal/enginetable < bin/engines.ndjson

.PHONY: test-engines
test-engines: ## the tests of the hosts for workflow engines that need no server of their own
	@for e in $(ENGINES); do $(MAKE) -C host-example/$$e test || exit 1; done

.PHONY: check
check: lint drift cross vuln ## lint, drift of generated files, builds for all platforms

.PHONY: lint
lint: ## go vet, golangci-lint, buf lint
	$(GO) vet ./...
	$(GO) vet -modfile=.tools/go.mod .tools/dist/*.go
	$(TOOL) golangci-lint run ./...
	@for m in $(NESTED) $(NESTED_ENGINES); do echo "lint $$m"; (cd $$m && $(GO) tool -modfile=../../.tools/go.mod golangci-lint run ./...) || exit 1; done
	$(TOOL) buf lint shared/proto
	@release=$$(git describe --tags --abbrev=0 2>/dev/null) || { echo "note: no release yet that the proto could break"; exit 0; }; \
	  $(TOOL) buf breaking shared/proto --against ".git#tag=$$release,subdir=shared/proto"

.PHONY: generate
generate: ## make the generated files anew
	$(TOOL) buf generate --template shared/proto/buf.gen.yaml shared/proto
	$(GO) run .tools/notices/main.go > THIRD_PARTY_NOTICES

.PHONY: drift
drift: ## fail if a generated file is not what its source gives
	./.ci/drift

.PHONY: cross
cross: ## build and vet the core for all platforms
	@for p in $(PLATFORMS); do \
	  echo "$$p"; \
	  GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 $(GO) build -o /dev/null ./... || exit 1; \
	  GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 $(GO) vet ./... || exit 1; \
	done

.PHONY: vuln
vuln: ## known vulnerabilities, where the database can be reached
	./.ci/vuln

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s)
	@for d in $$(grep -rl --include='*_test.go' '^func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -rhoE '^func Fuzz[A-Za-z0-9_]+' $$d/*_test.go | sed 's/^func //' | sort -u); do \
	    echo "$$d $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 5x $$d || exit 1; \
	  done; \
	done

.PHONY: bench
bench: ## speed, as ratios against a named alternative in the same run
	$(GO) test -run '^$$' -bench . -benchtime 20x -timeout 30m ./sdk/... ./shared/... ./plugin/...

.PHONY: soak
soak: ## the long forms of tests that CI runs short; hours
	IDREC_SOAK=1 $(GO) test -count 1 -v -timeout 3h -run 'Outage|LargeFolder|AnOffice' ./host-example/idrec
	IDREC_SOAK=1 $(GO) test -count 1 -timeout 30m -run 'SurvivesWhatever|UpgradeFailsNoCall|OfKilledHosts' ./sdk/host
	IDREC_SOAK=1 $(GO) test -count 1 -timeout 30m ./sdk/host/hotupgrade
	IDREC_SOAK=1 $(GO) test -count 1 -timeout 60m ./sdk/ledger/crash
	IDREC_SOAK=1 IDREC_SOAK_ROWS=$(ROWS) $(GO) test -count 1 -timeout 3h -run 'Growth|PowerLoss|Damaged' -v ./sdk/ledger/sqlite
	IDREC_SOAK=1 IDREC_ROWS=$(ROWS) $(GO) test -count 1 -timeout 60m -run Growth -v ./sdk/ledger/postgres

CARDS ?= 300
NO_CARDS ?= 1000
.PHONY: accuracy
accuracy: ## what the local engine reads right, by level and field, on CARDS drawn cards a level; how far its confidences are true; its statuses; cards that it sees where none are
	IDREC_SOAK=1 IDREC_SET=test IDREC_N=$(CARDS) $(GO) test -count 1 -run AccuracyTable -v -timeout 6h ./sdk/local
	IDREC_SOAK=1 IDREC_SET=test IDREC_N=30 $(GO) test -count 1 -run StatusTable -v -timeout 2h ./sdk/local
	IDREC_SOAK=1 IDREC_SET=test IDREC_N=$(NO_CARDS) $(GO) test -count 1 -run FalseCards -v -timeout 2h ./sdk/local

SURE_CARDS ?= 3000
.PHONY: sure
sure: ## how many names and numbers are wrong though the local engine is sure of them, on SURE_CARDS portrait sides a level; three quarters of an hour on two cores
	IDREC_SOAK=1 IDREC_SET=test IDREC_SUBJECT=portrait IDREC_N=$(SURE_CARDS) $(GO) test -count 1 -run AccuracyTable -v -timeout 12h ./sdk/local

PEER = sdk/local/train/peer
PEER_CARDS ?= 60
.PHONY: peer
peer: build ## PP-OCRv4 and the local engine on the same photos, PEER_CARDS a level; needs Node.js and npm, minutes
	npm ci --silent --no-audit --no-fund --ignore-scripts --prefix $(PEER)
	@rm -rf bin/peer && mkdir -p bin/peer
	@echo '| level | reader | photos | name | sex | ethnicity | birth | address | number | authority | valid from | valid until | ms | MiB |'
	@echo '|---|---|---|---|---|---|---|---|---|---|---|---|---|---|'
	@for l in flat easy medium hard extreme copy; do for side in portrait emblem; do \
	  d=bin/peer/$$l-$$side; bin/idrec$(EXE) specimen --photo $$l --subject $$side --set test --seed 9 -n $(PEER_CARDS) --out $$d >/dev/null && \
	  node $(PEER)/compare.mjs $$l $$d bin/idrec$(EXE) || exit 1; \
	done; done

DIST = $(GO) run -modfile=.tools/go.mod .tools/dist/main.go .tools/dist/spdx.go -version $(VERSION)

.PHONY: dist
dist: ## release archives for all platforms in dist/, with sums and an SPDX list of contents
	$(DIST) -out dist

.PHONY: dist-twice
dist-twice: ## build an archive twice and compare the bytes
	@one=$$(mktemp -d); two=$$(mktemp -d); trap 'rm -rf $$one $$two' EXIT; \
	  $(DIST) -platforms linux/amd64 -out $$one && $(DIST) -platforms linux/amd64 -out $$two && cmp $$one/SHA256SUMS $$two/SHA256SUMS

.PHONY: clean
clean: ## remove what was built
	rm -rf bin demo dist

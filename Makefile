GO ?= go
FUZZTIME ?= 1m

.PHONY: run build test bench fuzz conformance lint demo

run: build ## open the console on port 8080
	bin/sluice $(ARGS)

build:
	$(GO) build -o bin/sluice ./cmd/sluice
	$(GO) build -tags wireguard -o bin/sluice-wireguard ./cmd/sluice # takes over where that mode is asked for

test: lint ## everything that must hold
	$(GO) test -race ./...
	$(GO) test -race -tags wireguard -run Wireguard ./proxy ./cmd/sluice

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these files'; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) vet -tags wireguard ./proxy ./cmd/sluice
	$(GO) tool staticcheck -tags wireguard ./proxy ./cmd/sluice

bench: ## the project's own benchmarks
	$(GO) test -run '^$$' -bench . -benchmem ./...

fuzz: ## every fuzz target for FUZZTIME each
	@for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
			echo "$$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s $$pkg || exit 1; \
		done; \
	done

conformance: build ## h2spec against the HTTP/2 that clients get
	cd .conformance && $(GO) run . ../bin/sluice

demo: build ## a local origin, a client that keeps asking, and the console
	$(GO) run ./cmd/demo

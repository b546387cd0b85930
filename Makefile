GO ?= go
FUZZTIME ?= 1m

.PHONY: run build test bench fuzz conformance compat lint demo

run: build ## open the console on port 8080
	bin/sluice $(ARGS)

build: ## the program, which needs no library
	CGO_ENABLED=0 $(GO) build -o bin/sluice ./cmd/sluice

test: lint ## everything that must hold
	$(GO) test -race ./...

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these files'; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

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

compat: ## mitmproxy 8 reads our flow files, and we read its; so does the mitmproxy 12 whose mitmdump MITMDUMP_NEW names
	@command -v mitmdump >/dev/null || apt-get install -y mitmproxy || echo 'mitmproxy cannot be installed here: as root, apt-get install mitmproxy'
	$(GO) test -count 1 -v -run Compat ./flowstore/dump

demo: build ## a local origin, a client that keeps asking, and the console
	$(GO) run ./cmd/demo

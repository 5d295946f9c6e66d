# Everything there is to do here. What takes long is done once and kept outside the clone,
# in $XDG_CACHE_HOME/xtls (or ~/.cache/xtls).

MODULES := node_modules/.package-lock.json
PEERS   := bench/node_modules/.package-lock.json
NODE_24 := test/interop/libraries/node_modules/.package-lock.json
BUILD   := $(addprefix scripts/,wasm.sh sources.sh library.sh toolchain.sh mbedtls.sh)
CORE    := $(wildcard core/*.[ch] core/*/*.[ch] core/patches/*) wasm/abi.txt $(BUILD)
SOURCES := $(shell find bindings wasm -name '*.ts') package.json tsconfig.json tsconfig.build.json
TSX     := node --import tsx

export SERVER METHOD

# What the demo's servers need; whatever else SERVER says, the demo itself refuses.
PACKAGES_OF_prosody   := prosody
PACKAGES_OF_ejabberd  := ejabberd
PACKAGES_OF_federated := prosody ejabberd openssl

.NOTPARALLEL:
.PHONY: all demo test fuzz bench abi record clean help

all: $(MODULES) dist/wasm/xtls.wasm ## compile the module and the TypeScript (the default)

demo: all ## Romeo and Juliet through a tunnel; METHOD=x509, srp, sas or openpgp; SERVER=prosody, ejabberd or federated
	@$(if $(PACKAGES_OF_$(SERVER)),scripts/packages.sh $(PACKAGES_OF_$(SERVER)))
	@$(TSX) scripts/demo.ts

test: all wasm/xtls-stock.wasm $(NODE_24) ## run every test; ONLY=part-of-a-name for some, LONG=1 for Java's and Go's TLS too
	@scripts/packages.sh prosody ejabberd openssl gnutls-bin gpg gpg-agent chromium firefox-esr wabt valgrind clang libclang-rt-14-dev \
	  gcc libc6-dev libnss3-tools libwolfssl-dev $(if $(filter 1,$(LONG)),openjdk-17-jdk-headless golang-go)
	@$(TSX) scripts/test.ts $(if $(ONLY),--only $(ONLY))

fuzz: ## feed the core what nobody expects; LONG=1 for ten minutes a subject, SUBJECTS="engine flight" for some
	@scripts/fuzz.sh

bench: all wasm/xtls-stock.wasm $(PEERS) ## measure speed and size beside the stock build, node:tls and others
	@npm run --silent bench -- --save

abi: $(MODULES) ## make wasm/abi.ts from wasm/abi.txt
	@$(TSX) scripts/abi.ts

record: ## note the module's SHA-256 in wasm/xtls.wasm.sha256, after a change of the core
	@scripts/wasm.sh --facts >wasm/facts.part
	@mv wasm/facts.part wasm/xtls.wasm.sha256

clean: ## remove what was built in this clone
	rm -rf dist wasm/*.wasm

help: ## show this
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' $(MAKEFILE_LIST) | expand --tabs=16

dist/wasm/xtls.wasm: wasm/xtls.wasm $(SOURCES) scripts/dist.sh
	@scripts/dist.sh

wasm/xtls.wasm: $(CORE)
	@scripts/wasm.sh

wasm/xtls-%.wasm: $(CORE)
	@VARIANT=$* scripts/wasm.sh

$(PEERS) $(NODE_24): %/node_modules/.package-lock.json: %/package-lock.json
	@scripts/modules.sh $*

$(MODULES): package-lock.json
	@scripts/modules.sh

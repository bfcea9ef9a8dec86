# SPDX-License-Identifier: Apache-2.0
# Furui: one Makefile, no configure. `make help` lists what a person types.

MODE  ?= release
B     ?= build/$(MODE)
PREFIX ?= /usr/local
DESTDIR ?=
V     ?= 0
# What the names of another machine's tools begin with (aarch64-linux-gnu-).
CROSS ?=
Q      = $(if $(filter 1,$(V)),,@)
CC    ?= cc
ifeq ($(origin CC),default)
CC     = $(CROSS)gcc
endif

PKGS      = libzmq msgpack hiredis openssl libxxhash fann libidn2 libutf8proc inih libsodium
CSTD      = -std=gnu17 -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
CPPFLAGS += -I. -DFURUI_VERSION='"$(VERSION)"' -DFURUI_PREFIX='"$(PREFIX)"'
CFLAGS   ?= -O2 -g
# No verdict may depend on the CPU or the compiler: no contraction of a*b+c (docs/decisions/0006).
MYFLAGS   = $(CSTD) -ffp-contract=off -fno-strict-aliasing -fPIC -fvisibility=hidden -fstack-protector-strong \
            $(if $(WERROR),-Werror) $(SAN)
LIBS      = $(shell pkg-config --libs $(PKGS)) -lm -lpthread $(JEMALLOC)
VERSION   = 0.1.0
comma     = ,

ifeq ($(MODE),asan)
SAN       = -fsanitize=address,undefined$(if $(LIBFUZZER),$(comma)fuzzer-no-link) -fno-omit-frame-pointer \
            -fno-sanitize-recover=undefined
else ifeq ($(MODE),tsan)
SAN       = -fsanitize=thread -fno-omit-frame-pointer
else
CFLAGS   += -D_FORTIFY_SOURCE=2
JEMALLOC  = -ljemalloc
endif

# --- what is built -------------------------------------------------------------------------------------------------
# Folders are libraries, programs sit on top: a program is its own folder and everything below it (make layers).
BASE_SRC   = $(wildcard proto/base/*.c)
PROTO_SRC  = $(wildcard proto/*.c)
STORE_SRC  = $(wildcard proto/store/*.c)
CLI_SRC    = $(wildcard proto/cli/*.c)
ENGINE_SRC = $(wildcard engine/*.c)
# Kernels of an instruction set that this compiler does not target are left out.
MACHINE    := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
OTHER_ISA  = $(if $(filter x86_64,$(MACHINE)),,%_avx2.c %_avx512.c) $(if $(filter aarch64,$(MACHINE)),,%_neon.c)
WORKER_LIB_SRC = $(filter-out $(OTHER_ISA),$(wildcard worker/*/*.c))
WORKER_SRC = $(wildcard worker/*.c)
LIVE_SRC   = $(filter-out models/live/furui_learner.c,$(wildcard models/live/*.c models/live/*/*.c))
MODELS_SRC = $(wildcard models/*.c) $(filter-out models/live/%,$(wildcard models/*/*.c))
BENCH_SRC  = $(wildcard bench/*.c)
CLIENT_SRC = proto/base/arena.c proto/base/clock.c proto/pack.c proto/wire.c proto/wire_read.c proto/bus.c proto/client.c

obj = $(patsubst %.c,$(B)/%.o,$(1))
PROGRAMS = $(B)/furuid $(B)/furui-worker $(B)/furui-learner $(B)/furui
# A service whose workers look at nothing, for furui bench load: furuid starts the furui-worker of its own folder.
NULL_SERVICE = $(B)/null/furuid $(B)/null/furui-worker $(B)/null/furui-learner
TESTS    = $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
FUZZERS  = $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))

all: $(PROGRAMS) $(NULL_SERVICE) $(B)/libfurui.a $(B)/libfurui.so.1  ## build everything into build/

$(B)/furuid: $(call obj,$(BASE_SRC) $(PROTO_SRC) $(ENGINE_SRC))
$(B)/furui-worker: $(call obj,$(BASE_SRC) $(PROTO_SRC) $(STORE_SRC) $(WORKER_LIB_SRC) $(WORKER_SRC))
$(B)/furui-learner: $(call obj,$(BASE_SRC) $(PROTO_SRC) $(STORE_SRC) $(LIVE_SRC) models/live/furui_learner.c)
$(B)/furui: $(call obj,$(BASE_SRC) $(PROTO_SRC) $(STORE_SRC) $(CLI_SRC) $(WORKER_LIB_SRC) $(MODELS_SRC) $(LIVE_SRC) $(BENCH_SRC))
$(B)/null/furuid $(B)/null/furui-learner: $(B)/null/%: $(B)/%
	@mkdir -p $(@D)
	$(Q)ln -f $< $@
$(B)/null/furui-worker: $(call obj,$(BASE_SRC) $(PROTO_SRC) bench/null/worker.c)
$(PROGRAMS) $(B)/null/furui-worker:
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(MYFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# One object whose inner names are local, so that whoever links it statically sees furui_* and nothing else.
$(B)/libfurui.a: $(call obj,$(CLIENT_SRC))
	@echo "  AR    $@"
	$(Q)rm -f $@ && $(CROSS)ld -r -o $(B)/libfurui.o $^
	$(Q)$(CROSS)objcopy --localize-hidden $(B)/libfurui.o && $(CROSS)ar rcs $@ $(B)/libfurui.o
$(B)/libfurui.so.1: $(call obj,$(CLIENT_SRC))
	@echo "  LINK  $@"
	$(Q)$(CC) $(MYFLAGS) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,libfurui.so.1 -o $@ $^ -lzmq -lmsgpackc -lm -lpthread

# Objects of other flags (another PREFIX, CFLAGS, compiler) are not ours: this file changes when they do.
FLAGS = $(CC) $(CPPFLAGS) $(MYFLAGS) $(CFLAGS)
$(B)/flags: export FLAGS := $(FLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@printenv FLAGS | cmp -s - $@ || printenv FLAGS > $@
FORCE:

$(B)/%.o: %.c Makefile $(B)/flags
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(MYFLAGS) $(CFLAGS) $(ISA) -MMD -MP -c -o $@ $<

# Whose names are nobody's (publicsuffix.org), as the distribution has it; compiled in.
SUFFIX_LIST ?= /usr/share/publicsuffix/public_suffix_list.dat
$(B)/worker/text/suffix.o: CPPFLAGS += -DSUFFIX_LIST='"$(SUFFIX_LIST)"'
$(B)/worker/text/suffix.o: $(SUFFIX_LIST)
$(B)/tests/unit/test_domain.o: CPPFLAGS += -DSUFFIX_LIST='"$(SUFFIX_LIST)"'
$(B)/tests/test_domain: LIBS += -lpsl

$(B)/%_avx2.o:   ISA = -mavx2 -mbmi2
$(B)/%_avx512.o: ISA = -mavx512bw -mavx512dq -mavx512vl -mavx512vbmi -mavx512vbmi2 -mavx512vnni -mbmi2

# A unit test may use everything but the programs' main files.
TEST_OBJ = $(call obj,$(BASE_SRC) $(PROTO_SRC) $(STORE_SRC) $(WORKER_LIB_SRC) $(MODELS_SRC) $(LIVE_SRC) $(BENCH_SRC) \
             $(filter-out engine/furuid.c,$(ENGINE_SRC)) $(filter-out worker/furui_worker.c,$(WORKER_SRC)) \
             $(filter-out proto/cli/furui.c,$(CLI_SRC)))
$(B)/libtest.a: $(TEST_OBJ)
	$(Q)rm -f $@ && $(CROSS)ar rcs $@ $^
$(B)/tests/%: $(B)/tests/unit/%.o $(B)/libtest.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(MYFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka $(LIBS)
# A fuzz target replays files with any compiler; tests/fuzz/run builds it with clang's libFuzzer.
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/tests/fuzz/replay.o $(B)/tests/fuzz/init.o $(B)/libtest.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(MYFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

# Two readers of mail that tests/oracle compares. Only they need libgmime-3.0-dev; test_oracle.py installs it.
ORACLE_OBJ = $(B)/tests/oracle/dump.o $(B)/libtest.a
$(B)/tests/oracle/gmime.o: CPPFLAGS += $(shell pkg-config --cflags gmime-3.0)
$(B)/oracle/gmime: LIBS += $(shell pkg-config --libs gmime-3.0)
$(B)/oracle/%: $(B)/tests/oracle/%.o $(ORACLE_OBJ)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(MYFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# --- what a person types -------------------------------------------------------------------------------------------
# Every object, for a quick look whether all of it compiles.
objects: $(call obj,$(BASE_SRC) $(PROTO_SRC) $(STORE_SRC) $(CLI_SRC) $(ENGINE_SRC) $(WORKER_LIB_SRC) $(WORKER_SRC) $(MODELS_SRC) $(LIVE_SRC) models/live/furui_learner.c \
           $(BENCH_SRC) bench/null/worker.c $(wildcard tests/unit/*.c) $(wildcard tests/fuzz/*.c) tests/oracle/dump.c tests/oracle/furui.c)

help:                      ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24
	@printf '  %-21s %s\n' 'MODE=asan|tsan' 'build with sanitisers, into build/MODE' 'CC=clang' 'another compiler' \
	  'CROSS=aarch64-linux-gnu-' 'for another machine (tests/arm64 has its libraries)' \
	  'V=1' 'show the commands' 'WERROR=1' 'warnings are errors' 'DESTDIR=, PREFIX=' 'where install puts things' \
	  'INDEX=, CORPUS=' 'mails to measure with, and their name in results' 'FUZZ=, FUZZ_TIME=' 'one fuzz target by name; seconds for each (60)' \
	  'ROUNDS=, SEED=' 'of chaos-reports'

deps:                      ## install the Debian packages that are missing
	@tests/deps

deps-peers:                ## install the spam filters that bench/peers and bench/accuracy compare with
	@tests/deps bogofilter bsfilter crm114 openssl rspamd spamassassin spamd spamprobe

# As many jobs as there are CPUs, unless the caller says how many.
JOBS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
run: deps                  ## install, build, start the service, scan a few mails, serve until Ctrl-C
	@$(MAKE) --no-print-directory $(JOBS) all
	@B=$(B) docs/samples/run

test: deps                 ## install what is missing, build, run every test
	@$(MAKE) --no-print-directory $(JOBS) MODE=$(MODE) test-all
test-all: all $(TESTS) $(FUZZERS)
	@B=$(B) MODE=$(MODE) tests/run

# New inputs grow in build/fuzz/corpus; what broke something is kept in build/fuzz and belongs into tests/fuzz/NAME.
FUZZ_TIME ?= 60
fuzz:                      ## fuzz every parser with clang and sanitisers
	@tests/fuzz/run --seconds $(FUZZ_TIME) $(FUZZ)
$(B)/libfuzzer/%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/init.o $(B)/libtest.a
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	$(Q)$(CC) $(MYFLAGS) -fsanitize=fuzzer $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

arm64:                     ## build for 64-bit Arm and run there, under qemu, what kernels could change
	@tests/arm64

# 40 minutes with a large corpus on a machine that has nothing else to do (bench/all).
INDEX  ?= docs/samples/index
CORPUS ?= $(notdir $(patsubst %/,%,$(dir $(INDEX))))
bench: all                 ## measure all speeds on the mails of INDEX=, add to bench/results, make a page of them
	@B=$(B) bench/all $(CORPUS) $(INDEX) build/bench.html
bench-report: all          ## only the page, build/bench.html, and what became worse since the last commit
	@$(B)/furui bench report --html build/bench.html

# A quarter of an hour; SEED= repeats what was left to chance.
ROUNDS ?= 100
chaos-reports: all         ## kill -9 in all places, ROUNDS= times, and account for every acknowledged report
	@B=$(abspath $(B)) MODE=$(MODE) tests/chaos-reports --rounds $(ROUNDS) $(if $(SEED),--seed $(SEED))

oracle: $(B)/oracle/gmime $(B)/oracle/furui  ## build the two readers of mail that tests/oracle compares

golden: $(B)/tests/test_golden  ## rewrite tests/mail/*.want from what the reader says now; git diff reviews
	@$(B)/tests/test_golden --write

layers:                    ## check that includes point down
	@tests/layers

format:                    ## apply .clang-format to every C file
	@git ls-files '*.c' '*.h' | xargs clang-format -i
format-check:              ## complain about what it would change
	@git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror && echo "format: fine"

# The pages lie as they do here, so that their links hold.
DOC = $(DESTDIR)$(PREFIX)/share/doc/furui
install: all install-client  ## copy programs, library, header, model and docs below DESTDIR/PREFIX
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/furui/python $(DOC)/docs/decisions $(DOC)/docs/samples/mails
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -d $(DESTDIR)$(PREFIX)/lib/furui/null
	install -m 755 $(NULL_SERVICE) $(DESTDIR)$(PREFIX)/lib/furui/null
	install -m 644 models/starter/starter.bundle $(DESTDIR)$(PREFIX)/share/furui
	install -m 644 proto/clients/python/furui.py $(DESTDIR)$(PREFIX)/share/furui/python
	install -m 644 README.md CONTRIBUTING.md LICENSE worker/text/unicode-licence.txt $(DOC)
	install -m 644 docs/*.md $(DOC)/docs
	install -m 644 docs/decisions/*.md $(DOC)/docs/decisions
	install -m 644 docs/samples/index $(DOC)/docs/samples
	install -m 644 docs/samples/mails/*.eml $(DOC)/docs/samples/mails
	$(if $(DESTDIR),,-ldconfig)

install-client: $(B)/libfurui.a $(B)/libfurui.so.1  ## copy only the client library and its header
	install -d $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include
	install -m 644 $^ $(DESTDIR)$(PREFIX)/lib
	ln -sf libfurui.so.1 $(DESTDIR)$(PREFIX)/lib/libfurui.so
	install -m 644 proto/furui.h $(DESTDIR)$(PREFIX)/include
	sed 's|@PREFIX@|$(PREFIX)|; s|@VERSION@|$(VERSION)|' proto/furui.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/furui.pc

clean:                     ## remove build/
	rm -rf build

.DEFAULT_GOAL = all
.PHONY: all FORCE objects help deps deps-peers run test test-all bench bench-report chaos-reports fuzz arm64 oracle golden layers format format-check install install-client clean
.SECONDARY:

# SPDX-License-Identifier: BSD-2-Clause
# netjail. "make help" lists what can be made; the rules are in mk/.

include mk/defs.mk

TOOLS	= jail jailinit jls jexec jailkill jifconfig jmkroot jping jstat jtrace
LIBS	= lib/libutil lib/libjail lib/libprobe
PROGS	= $(TOOLS:%=tools/%)
SUBDIRS	= sys $(LIBS) $(PROGS) share/man share/completion
PAGES	= $(wildcard tools/*/*.[58] lib/*/*.3 share/man/*.7)
# What make test is made of; each ends with a line of totals.
STAGES	= check check-without check-compilers check-sanitize check-valgrind \
	  test-kernels

export PREFIX DESTDIR VERSION

.PHONY: all deps check check-compilers check-sanitize check-valgrind \
	check-without soak test test-kernels demo bench lint man install \
	uninstall clean help regress $(SUBDIRS)

all: $(SUBDIRS) ## build everything

$(SUBDIRS):
	$(Q)+$(MAKE) -C $@ all

lib/libjail: sys
$(PROGS): $(LIBS)

regress: all
	$(Q)+$(MAKE) -C regress all

deps: ## install the Debian packages that are missing (root)
	$(Q)mk/deps.sh

check: regress ## run the regression suite with what is installed (root)
	$(Q)+$(MAKE) -C regress run

check-compilers: ## build with every compiler, try every kernel half (root)
	$(Q)+$(MAKE) -C regress $@

check-sanitize: ## the suite with AddressSanitizer and UBSan (root)
	$(Q)+$(MAKE) -C regress $@

check-valgrind: regress ## the tools' cases under valgrind (root)
	$(Q)+$(MAKE) -C regress $@

check-without: ## a part of it without features of the kernel (root)
	$(Q)+$(MAKE) -C regress $@

soak: regress ## a million random packets, again and again: ROUNDS=10 (root)
	$(Q)+$(MAKE) -C regress $@

test-kernels: regress ## a part of it on stock kernels in QEMU (root)
	$(Q)+$(MAKE) -C regress $@

test: deps ## install what is missing, build, lint, run every test (root)
	$(Q)+$(MAKE) lint
	$(Q)+MAKE="$(MAKE)" mk/stages.sh $(STAGES)

demo: ## install what is missing, build, show two jails at work (root)
	$(Q)mk/deps.sh -d
	$(Q)+$(MAKE) all
	$(Q)+$(MAKE) -C share/demo all
	$(Q)share/demo/demo.sh $(OBJTOP)

bench: all ## measure against peers (root); figures, never a verdict
	$(Q)+$(MAKE) -C bench run

lint: ## check form, layers and man pages
	$(Q)mk/lint.sh

man: ## read the man pages from here: make man PAGE=jail.8
	$(Q)mandoc -a $(or $(filter %/$(PAGE),$(PAGES)),$(error PAGE= is one \
	    of $(notdir $(PAGES))))

install: all ## install below DESTDIR/PREFIX
	$(Q)set -e; for d in $(SUBDIRS); do \
	    $(MAKE) -C $$d install; done

uninstall: ## remove what install put there
	$(Q)set -e; for d in $(SUBDIRS); do \
	    $(MAKE) -C $$d uninstall; done

clean: ## remove all that was built
	$(Q)rm -rf $(OBJTOP)

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | \
	    expand -t 18

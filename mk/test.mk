# SPDX-License-Identifier: BSD-2-Clause
# Test programs of a folder below regress/: TESTS_C (ATF, in C), TESTS_SH (ATF,
# in sh), FUZZERS (libFuzzer, in C). A program in C is made of its own .c and
# SRCS, with PKGS by pkg-config, LIBS of this tree by path below obj/, and
# LDADD; SRCS_<test>, PKGS_<test>, LIBS_<test> and LDADD_<test> add to these for
# one test. A fuzzer is its own .c and SRCS_<fuzzer>, paths. SUBRS are functions
# that its scripts share. META_<test> is kyua's metadata for it, such as
# is_exclusive="true". A case has two minutes unless it asks for more itself.

include $(dir $(lastword $(MAKEFILE_LIST)))defs.mk

# FUZZERS= on the command line leaves them out, and with them their tests.
TESTS	= $(TESTS_C) $(filter-out $(if $(FUZZERS),,%_fuzz_test),$(TESTS_SH))
PROGS_C	= $(TESTS_C:%=$(OBJ)/%)
PROGS_SH = $(TESTS_SH:%=$(OBJ)/%)
PROGS_FUZZ = $(FUZZERS:%=$(OBJ)/%)
SUBR	= $(TOP)/regress/vnet/vnet.subr $(SUBRS)
FUZZFLAGS = -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined

all_pkgs = $(sort $(PKGS) $(foreach t,$(TESTS_C),$(PKGS_$(t))) $(LIBJAIL_PKGS))
CPPFLAGS += -I$(TOP)/regress/vnet $(call pkg_cflags,atf-c $(all_pkgs))

objs	= $(patsubst %.c,$(OBJ)/%.o,$(1).c $(SRCS) $(SRCS_$(1)))
archives = $(addprefix $(OBJTOP)/,$(LIBS) $(LIBS_$(1)))
pkgs	= $(PKGS) $(PKGS_$(1)) $(if $(filter $(LIBJAIL),$(archives)),$(LIBJAIL_PKGS))

all: $(PROGS_C) $(PROGS_SH) $(PROGS_FUZZ) $(OBJ)/Kyuafile

define c_program
$(OBJ)/$(1): $(call objs,$(1)) $(call archives,$(1))
	$$(say) LINK $$(HERE)/$$(@F)
	$$(Q)$$(CC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ \
	    $$(call pkg_libs,atf-c $(call pkgs,$(1))) $(LDADD) $(LDADD_$(1))
endef
$(foreach t,$(TESTS_C),$(eval $(call c_program,$(t))))

# A script is given the functions of vnet.subr, and of SUBRS, in front.
$(PROGS_SH): $(OBJ)/%: %.sh $(SUBR)
	$(say) SH $(HERE)/$(@F)
	@mkdir -p $(@D)
	$(Q)sh -n $<
	$(Q){ echo '#! /usr/bin/env atf-sh'; cat $(SUBR) $<; } >$@
	$(Q)chmod +x $@

$(PROGS_FUZZ): $(OBJ)/%: %.c
	$(say) FUZZ $(HERE)/$(@F)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(CPPFLAGS) -O1 -g -std=gnu11 $(WARN) $(FUZZFLAGS) \
	    -MMD -MP -MF $@.d -o $@ $< $(SRCS_$(@F))

$(OBJ)/Kyuafile: Makefile $(TOP)/mk/test.mk
	@mkdir -p $(@D)
	$(Q){ echo 'syntax(2)'; echo 'test_suite("netjail")'; \
	    $(foreach t,$(TESTS),printf 'atf_test_program{name="%s", timeout=120%s}\n' \
		'$(t)' '$(addprefix $(comma),$(META_$(t)))';) } >$@

comma	:= ,

install uninstall:

-include $(foreach t,$(TESTS_C),$(patsubst %.o,%.d,$(call objs,$(t))))
-include $(PROGS_FUZZ:%=%.d)

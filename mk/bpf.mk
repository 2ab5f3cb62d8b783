# SPDX-License-Identifier: BSD-2-Clause
# The kernel half: for each of BPFOBJS its sources, SRCS_<object>, are compiled,
# linked to $(OBJ)/<object>.bpf.o and made a skeleton for the library to carry.

include $(dir $(lastword $(MAKEFILE_LIST)))defs.mk

# Where Debian has <asm/types.h>. Other than gcc's, clang's triplet has a vendor.
TRIPLET	= $(subst -pc-,-,$(subst -unknown-,-,$(shell $(CC) -dumpmachine)))
BPFFLAGS = -g -O2 -target bpf -mcpu=v3 -Wall -Wextra -Werror -I$(TOP)/sys \
	  -idirafter /usr/include/$(TRIPLET)
objs	= $(SRCS_$(1):%.c=$(OBJ)/%.o)

all: $(BPFOBJS:%=$(OBJ)/%.skel.h)
	@:

$(OBJ)/%.bpf.o: %.bpf.c
	$(say) BPF $(HERE)/$<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -c -o $@ $<

define linked_object
$(OBJ)/$(1).bpf.o: $(call objs,$(1))
	$$(say) LINK $$(HERE)/$$(@F)
	$$(Q)$$(BPFTOOL) gen object $$@ $(call objs,$(1))
endef
$(foreach o,$(BPFOBJS),$(eval $(call linked_object,$(o))))

$(OBJ)/%.skel.h: $(OBJ)/%.bpf.o
	$(say) SKEL $(HERE)/$(@F)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

install uninstall:
	@:

-include $(foreach o,$(BPFOBJS),$(patsubst %.o,%.d,$(call objs,$(o))))

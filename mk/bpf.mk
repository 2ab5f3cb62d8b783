# SPDX-License-Identifier: BSD-2-Clause
# The kernel half: BPFSRCS are compiled, linked to $(OBJ)/$(BPFOBJ).bpf.o and
# made a skeleton for the library to carry.

include $(dir $(lastword $(MAKEFILE_LIST)))defs.mk

BPFFLAGS = -g -O2 -target bpf -Wall -Wextra -Werror -I$(TOP)/sys \
	  -idirafter /usr/include/$(shell $(CC) -dumpmachine)
BPFOBJS	= $(BPFSRCS:%.c=$(OBJ)/%.o)

all: $(OBJ)/$(BPFOBJ).skel.h
	@:

$(OBJ)/%.bpf.o: %.bpf.c
	$(say) BPF $(HERE)/$<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -MMD -MP -c -o $@ $<

$(OBJ)/$(BPFOBJ).bpf.o: $(BPFOBJS)
	$(say) LINK $(HERE)/$(@F)
	$(Q)$(BPFTOOL) gen object $@ $(BPFOBJS)

$(OBJ)/$(BPFOBJ).skel.h: $(OBJ)/$(BPFOBJ).bpf.o
	$(say) SKEL $(HERE)/$(@F)
	$(Q)$(BPFTOOL) gen skeleton $< name $(BPFOBJ)_bpf >$@

install uninstall:
	@:

-include $(BPFOBJS:.o=.d)

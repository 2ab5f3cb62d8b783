# SPDX-License-Identifier: BSD-2-Clause
# A program: PROG, SRCS (C, and what flex and bison make C of), MAN, and what it
# needs: PKGS by pkg-config, LIBS of this tree by path below obj/, LDADD.
# libjail is linked in, so that an installed program needs nothing of this tree.
# With STATIC it is one that the library executes: without libraries, its own
# among them, and in libexec.

include $(dir $(lastword $(MAKEFILE_LIST)))defs.mk

OBJS	= $(addprefix $(OBJ)/,$(addsuffix .o,$(basename $(SRCS))))
HEADERS	= $(patsubst %.y,$(OBJ)/%.h,$(filter %.y,$(SRCS)))
ifdef STATIC
BINDIR	= $(LIBEXECDIR)
LDADD	+= -static
else
BINDIR	= $(SBINDIR)
ARCHIVES = $(addprefix $(OBJTOP)/,$(LIBS)) $(LIBJAIL)
PKGS	+= $(LIBJAIL_PKGS)
endif
CPPFLAGS += $(if $(PKGS),$(call pkg_cflags,$(PKGS)))

all: $(OBJ)/$(PROG)
	@:

$(OBJ)/$(PROG): $(OBJS) $(ARCHIVES)
	$(say) LINK $(HERE)/$(@F)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJS) $(ARCHIVES) \
	    $(if $(PKGS),$(call pkg_libs,$(PKGS))) $(LDADD)

install: all
	$(Q)$(INSTALL) -d $(BINDIR)
	$(Q)$(INSTALL) -m 755 $(OBJ)/$(PROG) $(BINDIR)
	$(Q)set -e; for page in $(MAN); do \
	    $(INSTALL) -d $(MANDIR)/man$${page##*.}; \
	    $(INSTALL) -m 644 $$page $(MANDIR)/man$${page##*.}; done

uninstall:
	$(Q)rm -f $(BINDIR)/$(PROG) $(MAN:%=$(MANDIR)/man?/%)

# What is generated is not of our style.
$(OBJS): $(HEADERS)

$(OBJ)/%.c: %.l
	$(say) FLEX $(HERE)/$<
	@mkdir -p $(@D)
	$(Q)$(FLEX) -o $@ $<

$(OBJ)/%.c $(OBJ)/%.h: %.y
	$(say) BISON $(HERE)/$<
	@mkdir -p $(@D)
	$(Q)$(BISON) -Werror --header=$(OBJ)/$*.h -o $(OBJ)/$*.c $<

$(OBJ)/%.o: $(OBJ)/%.c
	$(say) CC $(HERE)/$(<F)
	$(Q)$(CC) $(CPPFLAGS) -I. -I$(OBJ) $(CFLAGS) \
	    -MMD -MP -c -o $@ $<

.PRECIOUS: $(OBJ)/%.c

-include $(OBJS:.o=.d)

# SPDX-License-Identifier: BSD-2-Clause
# A program: PROG, SRCS, MAN (section 8), and what it needs: PKGS by pkg-config,
# LIBS of this tree by path below obj/, LDADD. libjail is linked in, so that an
# installed program needs nothing of this tree. With STATIC it is one that the
# library executes: without libraries, its own among them, and in libexec.

include $(dir $(lastword $(MAKEFILE_LIST)))defs.mk

OBJS	= $(SRCS:%.c=$(OBJ)/%.o)
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
	$(Q)$(INSTALL) -d $(BINDIR) $(MANDIR)/man8
	$(Q)$(INSTALL) -m 755 $(OBJ)/$(PROG) $(BINDIR)
	$(Q)$(INSTALL) -m 644 $(MAN) $(MANDIR)/man8

uninstall:
	$(Q)rm -f $(BINDIR)/$(PROG) $(MAN:%=$(MANDIR)/man8/%)

-include $(OBJS:.o=.d)

# SPDX-License-Identifier: BSD-2-Clause
# A program: PROG, SRCS, MAN (section 8), and what it needs: PKGS by pkg-config,
# LIBS of this tree by path below obj/, LDADD. libjail is linked in, so that an
# installed program needs nothing of this tree.

include $(dir $(lastword $(MAKEFILE_LIST)))defs.mk

OBJS	= $(SRCS:%.c=$(OBJ)/%.o)
ARCHIVES = $(addprefix $(OBJTOP)/,$(LIBS)) $(LIBJAIL)
CPPFLAGS += $(call pkg_cflags,$(PKGS) $(LIBJAIL_PKGS))

all: $(OBJ)/$(PROG)
	@:

$(OBJ)/$(PROG): $(OBJS) $(ARCHIVES)
	$(say) LINK $(HERE)/$(@F)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJS) $(ARCHIVES) \
	    $(call pkg_libs,$(PKGS) $(LIBJAIL_PKGS)) $(LDADD)

install: all
	$(Q)$(INSTALL) -d $(SBINDIR) $(MANDIR)/man8
	$(Q)$(INSTALL) -m 755 $(OBJ)/$(PROG) $(SBINDIR)
	$(Q)$(INSTALL) -m 644 $(MAN) $(MANDIR)/man8

uninstall:
	$(Q)rm -f $(SBINDIR)/$(PROG) $(MAN:%=$(MANDIR)/man8/%)

-include $(OBJS:.o=.d)

# SPDX-License-Identifier: BSD-2-Clause
# A library: LIB, SRCS, PKGS. With SHLIB_MAJOR and MAP it is installed, shared
# and static, with HEADERS and MAN; without, it is for this tree alone.

include $(dir $(lastword $(MAKEFILE_LIST)))defs.mk

OBJS	= $(SRCS:%.c=$(OBJ)/%.o)
STATIC	= $(OBJ)/lib$(LIB).a
CPPFLAGS += $(call pkg_cflags,$(PKGS))

all: $(STATIC)
	@:

# What is installed shows only the names that its map does.
ifdef MAP
GLOBALS	= $(shell sed -n 's/^[[:space:]]*\([a-z_]*\);$$/\1/p' $(MAP))

$(OBJ)/$(LIB)_all.o: $(OBJS) $(MAP)
	$(Q)$(LD) -r -o $@ $(OBJS)
	$(Q)$(OBJCOPY) $(GLOBALS:%=-G %) $@

$(STATIC): $(OBJ)/$(LIB)_all.o
else
$(STATIC): $(OBJS)
endif
	$(say) AR $(HERE)/$(@F)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $^

ifdef SHLIB_MAJOR
SONAME	= lib$(LIB).so.$(SHLIB_MAJOR)
SHARED	= $(OBJ)/$(SONAME)

all: $(SHARED) $(OBJ)/lib$(LIB).pc

$(SHARED): $(OBJS) $(MAP)
	$(say) LINK $(HERE)/$(@F)
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) \
	    -Wl,--version-script,$(MAP) -Wl,--no-undefined -o $@ $(OBJS) \
	    $(call pkg_libs,$(PKGS)) -lelf -lz

$(OBJ)/lib$(LIB).pc: lib$(LIB).pc.in
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< >$@

install: all
	$(Q)$(INSTALL) -d $(LIBDIR)/pkgconfig $(INCDIR)/sys $(MANDIR)/man3
	$(Q)$(INSTALL) -m 644 $(STATIC) $(LIBDIR)
	$(Q)$(INSTALL) -m 755 $(SHARED) $(LIBDIR)
	$(Q)ln -sf $(SONAME) $(LIBDIR)/lib$(LIB).so
	$(Q)sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' \
	    lib$(LIB).pc.in >$(LIBDIR)/pkgconfig/lib$(LIB).pc
	$(Q)$(INSTALL) -m 644 $(HEADERS) $(INCDIR)
	$(Q)$(INSTALL) -m 644 $(SYSHEADERS) $(INCDIR)/sys
	$(Q)$(INSTALL) -m 644 $(MAN) $(MANDIR)/man3
	$(Q)[ -n "$(DESTDIR)" ] || ldconfig

uninstall:
	$(Q)rm -f $(LIBDIR)/lib$(LIB).a $(LIBDIR)/$(SONAME) \
	    $(LIBDIR)/lib$(LIB).so $(LIBDIR)/pkgconfig/lib$(LIB).pc \
	    $(HEADERS:%=$(INCDIR)/%) $(MAN:%=$(MANDIR)/man3/%) \
	    $(addprefix $(INCDIR)/sys/,$(notdir $(SYSHEADERS)))
else
install uninstall:
	@:
endif

-include $(OBJS:.o=.d)

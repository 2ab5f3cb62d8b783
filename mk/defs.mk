# SPDX-License-Identifier: BSD-2-Clause
# Paths, tools and flags, the same for every folder. V=1 shows the commands.

TOP	:= $(abspath $(dir $(lastword $(MAKEFILE_LIST)))..)
HERE	:= $(patsubst $(TOP)/%,%,$(CURDIR))
OBJTOP	?= $(TOP)/obj
OBJ	:= $(OBJTOP)/$(HERE)

VERSION	:= 0.1

PREFIX	?= /usr/local
DESTDIR	?=
SBINDIR	= $(DESTDIR)$(PREFIX)/sbin
LIBEXECDIR = $(DESTDIR)$(PREFIX)/libexec
LIBDIR	= $(DESTDIR)$(PREFIX)/lib
INCDIR	= $(DESTDIR)$(PREFIX)/include
MANDIR	= $(DESTDIR)$(PREFIX)/share/man

CLANG	?= clang
BPFTOOL	?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
BISON	?= bison
FLEX	?= flex
PKGCONFIG ?= pkg-config
INSTALL	?= install
OBJCOPY	?= objcopy

WARN	= -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes \
	  -Wstrict-prototypes -Wmisleading-indentation -Wvla
CPPFLAGS += -D_GNU_SOURCE -DJAIL_RELEASE='"$(VERSION)"' $(TESTBUILD) \
	  -I$(TOP)/sys -I$(TOP)/lib/libjail -I$(TOP)/lib/libutil -I$(OBJTOP)/sys
CFLAGS	?= -O2 -g
CFLAGS	+= -std=gnu11 -fPIC $(WARN) $(SANITIZE)
LDFLAGS	+= $(SANITIZE)

# The packages that a program which links libjail needs.
LIBJAIL	= $(OBJTOP)/lib/libjail/libjail.a
LIBJAIL_PKGS = libbpf libseccomp libcap libmnl
pkg_cflags = $(shell $(PKGCONFIG) --cflags $(1))
pkg_libs = $(shell $(PKGCONFIG) --libs $(1))

ifeq ($(V),1)
Q	=
say	= @:
else
Q	= @
say	= @printf '  %-7s %s\n'
MAKEFLAGS += --no-print-directory
endif

.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

$(OBJ)/%.o: %.c
	$(say) CC $(HERE)/$<
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

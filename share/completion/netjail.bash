# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# What bash offers on the command lines of netjail's tools. It asks jls(8), so
# what it knows of jails and parameters is what there is.

# The tools: their options, and of these the ones that want an argument.
declare -A _netjail_options=(
	[jail]='-C -c -e -f -i -J -l -m -p -q -R -r -v -V -h --destroy
	    --dry-run --oci-hook --reboot --run --shutdown --status --wait
	    --help --version'
	[jls]='-c -d -h -j -N -n -q -s -v --json --help --version'
	[jexec]='-d -e -h -l -U -u --help --version'
	[jailkill]='-h -l -s -x --help --version'
	[jifconfig]='-a -h -j --json --help --version'
	[jmkroot]='-h -m -q -v --json --variant --help --version'
	[jping]='-4 -6 -c -D -f -h -i -j -n -q -S -s -t -V -W -w --json
	    --help --version'
	[jstat]='-c -e -h -j -v -w --json --prometheus --help --version'
	[jtrace]='-4 -6 -f -h -I -j -m -n -p -q -S -U -V -w --json --help
	    --version'
)
declare -A _netjail_letters=(
	[jail]=efJp [jls]=j [jexec]=deUu [jailkill]=s [jifconfig]=j
	[jmkroot]=m [jping]=cijSstWw [jstat]=cjw [jtrace]=fjmpqSw
)

_netjail_jails()
{
	jls name 2>/dev/null
}

# The jails of the configuration file that is named on the command line.
_netjail_configured()
{
	local i

	for ((i = 1; i < COMP_CWORD - 1; i++)); do
		[[ ${COMP_WORDS[i]} == -*f && ${COMP_WORDS[i]} != --* ]] ||
		    continue
		jail -f "${COMP_WORDS[i + 1]}" -e ' ' 2>/dev/null |
		    sed "s/^name=\([^ ]*\).*/\1/; s/'//g"
		return 0
	done
	return 1
}

# All of jls's parameters; of these, the ones that jail(8) can set, with the =
# that comes next unless they are true by themselves.
_netjail_params()
{
	jls -h 2>/dev/null | head -n 1 | tr ' ' '\n'
}

_netjail_settable()
{
	_netjail_params | grep -vxE -e 'dying|parent|children\.cur' \
	    -e 'processes|(cpu|mem)\.usage|refused|ip[46]\.alias' | sed -E \
	    '/^(persist|allow\..*|.*\.(saddrsel|hostlisten))$/!s/$/=/'
	echo command=
}

# Offer those of the words that begin with what is there. (compgen -W would run
# what a jail's name says.)
_netjail_offer()
{
	local word words

	read -d '' -ra words <<<"$1"
	for word in "${words[@]}"; do
		[[ $word != "$cur"* ]] || COMPREPLY+=("$(printf %q "$word")")
	done
}

# A name=value of jail(8). bash takes the = for a word of its own.
_netjail_value()
{
	case $1 in
	name|jid)
		_netjail_offer "$(_netjail_jails)"
		;;
	ip4|ip6)
		_netjail_offer 'new inherit disable'
		;;
	loopback)
		_netjail_offer 'private primary host'
		;;
	path)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	command)
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		;;
	esac
}

_netjail_setting()
{
	local i=$COMP_CWORD

	if [[ $cur == '=' ]]; then
		cur=
		_netjail_value "${COMP_WORDS[i - 1]}"
	elif [[ ${COMP_WORDS[i - 1]} == '=' ]]; then
		_netjail_value "${COMP_WORDS[i - 2]}"
	else
		_netjail_offer "$(_netjail_settable)"
		[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace
	fi
}

# Does the word end in an option that wants an argument?
_netjail_argued()
{
	[[ $2 == -[!-]* && ${_netjail_letters[$1]} == *"${2: -1}"* ]]
}

# What the option before the cursor wants; fails if it wants nothing.
_netjail_argument()
{
	local prev=${COMP_WORDS[COMP_CWORD - 1]}

	_netjail_argued "$1" "$prev" || return 1
	case $1-${prev: -1} in
	*-j)
		_netjail_offer "$(_netjail_jails)"
		;;
	jail-[fJ])
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	jexec-[uU])
		mapfile -t COMPREPLY < <(compgen -u -- "$cur")
		;;
	jexec-d)
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		;;
	jailkill-s)
		_netjail_offer "$(jailkill -l 2>/dev/null)"
		;;
	esac
}

# How many operands are before the cursor.
_netjail_operands()
{
	local i n=0 word

	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $n -eq 0 ]] && _netjail_argued "$1" "$word"; then
			((i++))
		elif [[ $n -gt 0 || $word != -* ]]; then
			((++n))
		fi
	done
	operands=$n
}

# Does jail(8) only remove jails, or ask their inits?
_netjail_removes()
{
	local options=" ${COMP_WORDS[*]:1:COMP_CWORD - 1}"

	[[ $options =~ \ --(reboot|run|shutdown|status|wait)(\ |$) ]] && return
	[[ $options =~ \ -[a-zA-Z]*[rR] && ! $options =~ \ -[a-z]*[cm] ]]
}

_netjail_operand()
{
	case $1 in
	jail)
		if _netjail_configured >/dev/null; then
			_netjail_offer "$(_netjail_configured)"
		elif _netjail_removes; then
			_netjail_offer "$(_netjail_jails)"
		else
			_netjail_setting
		fi
		;;
	jls)
		_netjail_offer "$(_netjail_params)"
		;;
	jexec)
		if [[ $operands -eq 0 ]]; then
			_netjail_offer "$(_netjail_jails)"
		elif [[ $operands -eq 1 ]]; then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
		fi
		;;
	jailkill)
		_netjail_offer "$(_netjail_jails)"
		;;
	jifconfig)
		[[ $operands -ne 0 ]] || _netjail_offer 'inet inet6'
		[[ $operands -ne 2 ]] || _netjail_offer 'alias -alias'
		;;
	jmkroot)
		if [[ $operands -eq 0 ]]; then
			_netjail_offer 'debian tar oci host clone mount unmount
			    remove show'
		else
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -X '*.jmkroot' \
			    -- "$cur")
		fi
		;;
	jping|jtrace)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur")
		;;
	esac
}

_netjail()
{
	local cur=${COMP_WORDS[COMP_CWORD]} operands=0
	local tool=${1##*/}

	COMPREPLY=()
	_netjail_argument "$tool" && return
	_netjail_operands "$tool"
	if [[ $cur == -* && $operands -eq 0 ]]; then
		_netjail_offer "${_netjail_options[$tool]}"
	else
		_netjail_operand "$tool"
	fi
}

complete -o default -F _netjail "${!_netjail_options[@]}"

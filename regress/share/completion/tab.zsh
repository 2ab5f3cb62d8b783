# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# Press tab in a zsh of its own: tab.zsh folder line wanted. Does the line
# become what is wanted?

zmodload zsh/zpty

# Read until the pattern was there, 20 seconds at most.
expect()
{
	local out all end=$((SECONDS + 20))

	while ((SECONDS < end)); do
		if zpty -r -t z out; then
			all+=$out
			[[ $all == $~1 ]] && return
		else
			sleep 0.05
		fi
	done
	print -r -- "${(V)all}"
	return 1
}

zpty -b z zsh -f -i
zpty -w z "PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D"
zpty -w z "unsetopt zle_bracketed_paste; echo rea''dy"
expect '*ready*' || exit 1
zpty -n -w z "$2"$'\t'
expect "*${3}*"

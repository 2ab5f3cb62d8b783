# SPDX-License-Identifier: BSD-2-Clause
#
# Copyright (c) 2026 The netjail authors
#
# jmkroot oci: images in layouts that the cases write themselves.

OCI=application/vnd.oci.image

arch()
{
	case $(uname -m) in
	x86_64)	 echo amd64 ;;
	aarch64) echo arm64 ;;
	*)	 uname -m ;;
	esac
}

# Put a file into the layout, and print its descriptor, with more members:
# blob file mediatype [members]
blob()
{
	local sum

	sum=$(sha256sum <"$1" | cut -d ' ' -f 1)
	cp "$1" "layout/blobs/sha256/$sum"
	printf '{"mediaType": "%s", "digest": "sha256:%s", "size": %d%s}' \
	    "$2" "$sum" "$(stat -c %s "$1")" "$3"
}

# An empty layout, and its index of descriptors.
begin_layout()
{
	mkdir -p layout/blobs/sha256
	echo '{"imageLayoutVersion": "1.0.0"}' >layout/oci-layout
}

index()
{
	printf '{"schemaVersion": 2, "manifests": [%s]}\n' "$1" \
	    >layout/index.json
}

# An image of layers, and the descriptor of its manifest: image tag layers [arch]
image()
{
	cat >config <<-END
	{"os": "linux", "architecture": "${3:-$(arch)}",
	 "config": {"Entrypoint": ["/bin/sh"], "Cmd": ["-c", "echo hi"],
	    "Env": ["PATH=/bin", "A=b c"], "WorkingDir": "/etc",
	    "User": "7:8"}}
	END
	printf '{"schemaVersion": 2, "config": %s, "layers": [%s]}' \
	    "$(blob config $OCI.config.v1+json)" "$2" >manifest
	blob manifest $OCI.manifest.v1+json ", \"annotations\":
	    {\"org.opencontainers.image.ref.name\": \"$1\"}"
}

# One layer of a list: layer file <list
layer()
{
	mktar "$1"
	case $1 in
	*.gz)	blob "$1" $OCI.layer.v1.tar+gzip ;;
	*.zst)	blob "$1" $OCI.layer.v1.tar+zstd ;;
	*)	blob "$1" $OCI.layer.v1.tar ;;
	esac
}

atf_test_case jail_runs_in_an_image cleanup
jail_runs_in_an_image_body()
{
	local first second

	begin
	begin_layout
	make_src
	tar -C src -czf first.tar.gz .
	first=$(blob first.tar.gz $OCI.layer.v1.tar+gzip)
	second=$(printf 'f etc/.wh.motd\nf etc/new text\n' | layer second.zst)
	index "$(image 1 "$first, $second")"
	atf_check -o match:'^.*/root: made, [0-9]+ entries' \
	    jmkroot oci layout root
	atf_check -o inline:'new\ntext' jail -q -c path=root \
	    command=/bin/sh -c 'ls /etc; cat /etc/new'
	atf_check -o match:'^type +oci$' -o match:'^digest +sha256:' \
	    -o match:'^entrypoint +/bin/sh$' -o match:'^command +-c$' \
	    -o match:'^  +echo hi$' -o match:'^environment PATH=/bin$' \
	    -o match:'^directory +/etc$' -o match:'^user +7:8$' \
	    jmkroot show root
	atf_check -o match:'"config": .*"WorkingDir": "/etc"' \
	    jmkroot --json show root
	atf_check -o ignore jmkroot remove root
	nothing_left
}
jail_runs_in_an_image_cleanup()
{
	finish
}

# What is taken away is of the layers below, wherever in a layer that is said.
atf_test_case whiteouts_are_of_the_layers_below cleanup
whiteouts_are_of_the_layers_below_body()
{
	local one two three

	begin
	begin_layout
	one=$(layer one.gz <<-END
	f .wh.nothing
	d a
	f a/old text
	d a/dir
	f a/dir/in text
	d b
	f b/old text
	d c
	f c/file text
	s link c
	f d text
	END
	)
	two=$(layer two <<-END
	f a/new text
	d a/dir2
	f a/.wh..wh..opq
	f b/old again
	f b/.wh.old
	f link/.wh.file
	f link/added text
	f .wh.d
	f .wh.absent
	f absent/.wh.too
	f b/.wh..wh.aufs
	END
	)
	three=$(printf 'd d\nf d/e text\nf c/.wh.added\n' | layer three.zst)
	index "$(image 1 "$one, $two, $three")"
	atf_check -o ignore jmkroot oci layout root
	atf_check -o inline:'root\nroot/a\nroot/a/dir2\nroot/a/new\nroot/b
root/b/old\nroot/c\nroot/d\nroot/d/e\nroot/link\n' \
	    -x 'find root | LC_ALL=C sort'
	atf_check -o inline:'again' cat root/b/old
}
whiteouts_are_of_the_layers_below_cleanup()
{
	finish
}

atf_test_case image_is_chosen_by_tag_and_machine cleanup
image_is_chosen_by_tag_and_machine_body()
{
	local one two other platform

	begin
	begin_layout
	one=$(image one "$(echo 'f one text' | layer one.gz)")
	two=$(image two "$(echo 'f two text' | layer two.gz)")
	index "$one, $two"
	atf_check -s exit:1 \
	    -e match:'several images: .*layout:tag, of: one, two$' \
	    jmkroot oci layout root
	atf_check -s exit:1 \
	    -e match:'no image has the tag three; there are: one, two$' \
	    jmkroot oci layout:three root
	nothing_left
	atf_check -o ignore jmkroot oci layout:two root
	atf_check -o inline:'two\n' ls root
	# Two without a tag cannot be told apart; the same one twice can.
	index "$(echo "$one, $two" | tr '\n' ' ' |
	    sed 's/, "annotations":[^{]*{[^}]*}//g')"
	atf_check -s exit:1 -e match:'several images: .*, of: none$' \
	    jmkroot oci layout none
	index "$one, $one"
	atf_check -o ignore jmkroot oci layout twice
	# The images of one tag for several machines are in an index.
	other=$(image x "$(echo 'f other text' | layer other.gz)" other)
	platform='"platform": {"os": "linux", "architecture":'
	printf '{"schemaVersion": 2, "manifests": [%s, %s]}' \
	    "${other%\}}, $platform \"other\"}}" \
	    "${one%\}}, $platform \"$(arch)\"}}" >nested
	index "$(blob nested $OCI.index.v1+json)"
	atf_check -o ignore jmkroot oci layout one
	atf_check -o inline:'one\n' ls one
	index "$other"
	atf_check -s exit:1 -e match:'the image is for other, and this is ' \
	    jmkroot oci layout none
	index "${other%\}}, $platform \"other\"}}"
	atf_check -s exit:1 -e match:'the image is not for linux/' \
	    jmkroot oci layout none
}
image_is_chosen_by_tag_and_machine_cleanup()
{
	finish
}

# The layout must be refused, with those words, and leave nothing.
refused()
{
	atf_check -s exit:1 -e match:"^jmkroot: .*$1" jmkroot oci layout root
	[ ! -e root ] || atf_fail "something is left: $1"
	nothing_left
}

atf_test_case image_that_is_not_whole_makes_nothing cleanup
image_that_is_not_whole_makes_nothing_body()
{
	local first name second

	begin
	begin_layout
	first=$(echo 'f a text' | layer first)
	second=$(echo 'f b text' | layer second)
	index "$(image 1 "$first, $second")"
	for name in first second manifest config; do
		name=layout/blobs/sha256/$(sha256sum <$name | cut -d ' ' -f 1)
		cp "$name" kept
		printf '\1' | dd of="$name" bs=1 seek=20 conv=notrunc \
		    2>/dev/null
		refused 'has another digest: it is damaged'
		echo >>"$name"
		refused 'bytes, and not .* as the image says'
		rm "$name"
		refused 'blobs/sha256/.*: No such file'
		mkfifo "$name"
		refused 'not a regular file'
		rm "$name"
		cp kept "$name"
	done
	atf_check -o ignore jmkroot oci layout good
	atf_check -o ignore jmkroot remove good
	index "$(image 1 "$(echo "$first" |
	    sed "s|$OCI.layer.*tar|&+encrypted|")")"
	refused 'media type .*encrypted: not a layer that is known'
	index "$(image 1 "$(echo "$first" | sed s/sha256:/md5:/)")"
	refused 'neither a sha256 nor a sha512 digest'
	index "$(image 1 '{"mediaType": 1}')"
	refused 'a descriptor of the image lacks'
	index "$(image 1 '')"
	refused 'the image has no layers'
	index ''
	refused 'the index names no image'
	echo 'not JSON' >layout/index.json
	refused 'layout/index.json: not JSON: line 1'
	echo '{"imageLayoutVersion": "2.0.0"}' >layout/oci-layout
	refused 'layout version 2.0.0: only 1 is known'
	rm layout/oci-layout
	refused 'layout/oci-layout: not an OCI image layout: No such file'
}
image_that_is_not_whole_makes_nothing_cleanup()
{
	finish
}

atf_test_case layer_leads_nowhere_but_into_the_root cleanup
layer_leads_nowhere_but_into_the_root_body()
{
	local first

	begin
	begin_layout
	mkdir outside
	echo secret >outside/secret
	first=$(printf 'd %s\ns link %s\n' "$PWD/outside" "$PWD/outside" |
	    layer first)
	index "$(image 1 "$first, $(echo 'f link/.wh.secret' | layer next)")"
	atf_check -o ignore jmkroot oci layout one
	index "$(image 1 "$first, $(echo 'f link/.wh..wh..opq' | layer next)")"
	atf_check -o ignore jmkroot oci layout two
	atf_check -o ignore jmkroot remove one two
	for name in ../.wh.secret .wh. .wh.. .wh...; do
		index "$(image 1 "$first, $(echo "f $name" | layer next)")"
		refused 'entry .*: (leads out|takes away what cannot be named)'
	done
	atf_check -o inline:'secret\n' cat outside/secret
}
layer_leads_nowhere_but_into_the_root_cleanup()
{
	finish
}

atf_init_test_cases()
{
	atf_add_test_case jail_runs_in_an_image
	atf_add_test_case whiteouts_are_of_the_layers_below
	atf_add_test_case image_is_chosen_by_tag_and_machine
	atf_add_test_case image_that_is_not_whole_makes_nothing
	atf_add_test_case layer_leads_nowhere_but_into_the_root
}

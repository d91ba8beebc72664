# shellcheck shell=bash
# The machine's only file system: busybox, init, modules in load order, tools, programs, files.
# Sourced by run.

# build_initramfs KERNEL ROOT PROGRAM-NAME...: builds the tree ROOT and packs it as ROOT.cpio.
build_initramfs() {
    local kernel=$1 root=$2 file name
    shift 2
    mkdir -p "$root"/{bin,dev,etc,modules,proc,root,run,sys,tests,tmp,usr,var}
    ln -s bin "$root/sbin"
    ln -s ../bin "$root/usr/bin" # for #!/usr/bin/env
    ln -s ../bin "$root/usr/sbin"
    cp "$(command -v busybox)" "$root/bin/busybox"
    install -m 755 "$here/init" "$root/init"
    stage_modules "$kernel" "$root/modules"
    # busybox installs itself around what is there already.
    for file in "${tools[@]}"; do stage_file "$root" "$(type -P "$file")" "/bin/$file"; done
    stage_environment "$root"
    for name; do
        stage_file "$root" "${program_file[$name]}" "/tests/$name"
        printf '%s\n' "$name" >>"$root/etc/programs"
    done
    for file in "${files[@]}"; do stage_files "$root" "${file%%:/*}" "/${file#*:/}"; done
    # Not compressed: an emulated CPU unpacks slower than QEMU copies.
    (cd "$root" && find . | busybox cpio -o -H newc) >"$root.cpio" 2>"$root.cpio.log" ||
        die "cpio failed: $(tail -n 1 "$root.cpio.log")"
}

# stage_environment ROOT: for all programs in /etc, for those of a group beside them.
stage_environment() {
    local root=$1 pair file group
    : >"$root/etc/environment"
    for pair in "${environment[@]}"; do
        file=$root/etc/environment group=${pair%%=*}
        if [[ $group == */* ]]; then
            file=$root/tests/${group%/*}/environment
            mkdir -p "${file%/*}"
            pair=${pair#*/}
        fi
        printf 'export %s=%s\n' "${pair%%=*}" "$(quoted "${pair#*=}")" >>"$file"
    done
}

# For any shell: busybox's does not know what ${value@Q} may print.
quoted() {
    printf "'%s'" "${1//\'/\'\\\'\'}"
}

# stage_files ROOT SOURCE DESTINATION: a file, or what lies in a directory.
stage_files() {
    local root=$1 source=$2 destination=$3 name
    if [[ ! -d $source ]]; then
        stage_file "$root" "$source" "$destination"
        return
    fi
    while read -r name; do
        stage_file "$root" "$source/$name" "$destination/$name"
    done < <(cd "$source" && find . -type f)
}

# stage_file ROOT SOURCE DESTINATION: with the shared libraries that it is linked to, if any.
stage_file() {
    local root=$1 source=$2 destination=$3 library
    mkdir -p "$root${destination%/*}"
    cp "$source" "$root$destination"
    while read -r library; do
        mkdir -p "$root${library%/*}"
        cp -L "$library" "$root$library"
    done < <(ldd "$source" 2>/dev/null | grep -o '/[^ ]*')
}

# stage_modules KERNEL DIRECTORY: init loads what lies there by number, so that neither
# side needs kmod.
stage_modules() {
    local kernel=$1 directory=$2 name staged=' '
    for name in "${modules[@]}"; do stage_module "${name//-/_}"; done
}

# stage_module NAME: after what it depends on. Uses its caller's kernel, directory, staged.
stage_module() {
    local name=$1 path file dependency
    [[ $staged != *" $name "* ]] || return 0
    path=$(awk -v name="$name" '$1 == name { print $2; exit }' "$kernel/modules.index")
    if [[ -z $path ]]; then
        grep -qxF "$name" "$kernel/modules.built-in" && return
        die "Linux $(<"$kernel/version") has no module $name"
    fi
    staged+="$name "
    file=$work/$name.ko
    unpack_module "$kernel/$path" >"$file"
    for dependency in $(module_dependencies "$file"); do stage_module "${dependency//-/_}"; done
    printf -v path '%03d-%s.ko' "$(find "$directory" -name '*.ko' | wc -l)" "$name"
    mv "$file" "$directory/$path"
}

unpack_module() {
    case $1 in
    *.ko) cat "$1" ;;
    *.ko.xz) xz -dc "$1" ;;
    *.ko.zst)
        # Not asked for earlier: none of the kernels so far needs it.
        command -v zstd >/dev/null ||
            die "missing: zstd; install with: apt-get install -y zstd" "$exit_missing_tool"
        zstd -qdc "$1" ;;
    *.ko.gz) gzip -dc "$1" ;;
    *) die "how is ${1##*/} compressed?" ;;
    esac
}

# The .modinfo section holds NUL-terminated "key=value" strings.
module_dependencies() {
    tr '\0' '\n' <"$1" | LC_ALL=C sed -n 's/^depends=//p' | tr ',' ' '
}

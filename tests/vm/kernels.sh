# shellcheck shell=bash
# Debian's kernels: found, downloaded and unpacked under build/vm/kernels. Sourced by run.
#
# kernels/RELEASE/         vmlinuz, modules.index ("name path"), modules.built-in, version
# kernels/by-name/6.12     link to the RELEASE that the name stood for when it was fetched

apt_dir=$vm_dir/apt

# obtain_kernel NAME: afterwards kernels/by-name/NAME exists. A kernel already fetched is
# used as it is, without the network; removing build/vm/kernels looks for newer ones.
obtain_kernel() {
    local name=$1 link=$vm_dir/kernels/by-name/$1 release
    [[ -e $link/vmlinuz ]] && return
    set_up_apt
    release=$(newest_release "$name")
    [[ -n $release ]] || die "no Debian kernel matches $name (see $apt_dir/update.log)"
    [[ -e $vm_dir/kernels/$release/vmlinuz ]] || fetch_kernel "$release"
    mkdir -p "${link%/*}"
    ln -sfn "../$release" "$link"
}

# A private apt: own sources, lists and caches. The machine's own settings (proxy, date
# checks) still hold, but its hooks do not, for some of them clean the machine's caches.
set_up_apt() {
    [[ -z ${apt_ready:-} ]] || return 0
    mkdir -p "$apt_dir"/{lists,cache,empty}
    : >"$apt_dir/status"
    cat >"$apt_dir/apt.conf" <<EOF
Dir::State "$apt_dir";
Dir::State::lists "$apt_dir/lists";
Dir::State::status "$apt_dir/status";
Dir::Cache "$apt_dir/cache";
Dir::Etc::sourcelist "$apt_dir/sources.list";
Dir::Etc::sourceparts "$apt_dir/empty";
Dir::Etc::preferences "$apt_dir/preferences";
Dir::Etc::preferencesparts "$apt_dir/empty";
APT::Sandbox::User "";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
EOF
    write_sources >"$apt_dir/sources.list"
    say "looking for kernels"
    # One suite that the mirror lacks must not hide the others.
    apt-get -c "$apt_dir/apt.conf" update >"$apt_dir/update.log" 2>&1 ||
        say "apt-get update complained (see $apt_dir/update.log)"
    apt_ready=1
}

# apt itself reads the machine's sources in all their formats; ask it where it would fetch
# this release from, and take other suites from the same mirrors.
write_sources() {
    local codename uris mirror security
    local options='signed-by=/usr/share/keyrings/debian-archive-keyring.gpg'
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    uris=$(apt-get --print-uris update)
    mirror=$(mirror_of "$codename" "$uris")
    security=$(mirror_of "$codename-security" "$uris")
    [[ -n $mirror ]] || die "no Debian mirror for '$codename' in the machine's apt sources"
    printf "deb [$options] $mirror %s main\n" bookworm bookworm-backports sid
    [[ -z $security ]] || printf "deb [$options] $security %s main\n" bookworm-security
}

mirror_of() {
    sed -n "s|^'\(.*\)/dists/$1/InRelease'.*|\1|p;T;q" <<<"$2"
}

# newest_release NAME: the release (uname -r) of the newest kernel that NAME covers. The
# cloud flavour comes first: smaller, and it has the modules that the tests need.
newest_release() {
    local releases flavour found=
    releases=$(apt-cache -c "$apt_dir/apt.conf" search --names-only '^linux-image-[0-9]' |
        sed -n 's/^linux-image-\([^ ]*\) .*/\1/p' | sort -Vu)
    for flavour in cloud-amd64 amd64; do
        # Three numbers, for linux-image-6.12-amd64 is a meta-package; 6.1 must not cover 6.12.
        found=$(awk -v name="$1" -v form="^[0-9]+[.][0-9]+[.][0-9]+[^-]*(-[0-9]+)?-$flavour\$" '
            function covers(release) {
                return name == "newest" || (index(release, name) == 1 &&
                    substr(release, length(name) + 1) !~ /^[0-9]/)
            }
            $0 ~ form && covers($0) { last = $0 }
            END { print last }' <<<"$releases")
        [[ -z $found ]] || break
    done
    printf '%s\n' "$found"
}

# fetch_kernel RELEASE: newer packaging splits what linux-image-* once held, so its own
# dependencies of the same release are taken along.
fetch_kernel() {
    local release=$1 packages package tree=$work/unpack dest=$vm_dir/kernels/$1
    packages=$(apt-cache -c "$apt_dir/apt.conf" depends "linux-image-$release" |
        awk -v end="-$release" '$1 == "Depends:" && $2 ~ /^linux-/ &&
            substr($2, length($2) - length(end) + 1) == end { print $2 }')
    packages+=" linux-image-$release"
    mkdir -p "$tree/debs" "$tree/root"
    say "downloading Linux $release"
    # shellcheck disable=SC2086 # package names, one word each
    (cd "$tree/debs" && apt-get -q -c "$apt_dir/apt.conf" download $packages) \
        >"$apt_dir/download.log" 2>&1 || die "download failed (see $apt_dir/download.log)"
    for package in "$tree"/debs/*.deb; do dpkg-deb -x "$package" "$tree/root"; done
    apt-cache -c "$apt_dir/apt.conf" show "linux-image-$release" |
        awk '$1 == "Version:" && !seen++ { print $2 }' >"$tree/root/version"
    arrange_kernel "$tree/root" "$release"
    mkdir -p "${dest%/*}"
    mv "$tree/root" "$dest"
    rm -rf "$tree"
}

# arrange_kernel ROOT RELEASE: hides where this packaging put things (/boot or
# /usr/lib/modules, /lib or /usr/lib) behind fixed names.
arrange_kernel() {
    local root=$1 image
    image=$(find "$root" -type f \( -name vmlinuz -o -name "vmlinuz-$2" \) -print -quit)
    [[ -n $image ]] || die "no kernel image in the packages of $2"
    mv "$image" "$root/vmlinuz"
    # Module names know no difference between - and _; file names do.
    (cd "$root" && find . -name '*.ko*' -type f | sort) |
        awk '{ name = $0; sub(/.*\//, "", name); sub(/[.]ko.*/, "", name)
               gsub(/-/, "_", name); print name, $0 }' >"$root/modules.index"
    find "$root" -name modules.builtin -type f -exec cat {} + |
        sed 's|.*/||; s|[.]ko$||; s|-|_|g' >"$root/modules.built-in"
}

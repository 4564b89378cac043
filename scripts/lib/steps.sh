# The steps of scripts/test, one function each; sourced by it.

peers() {
    local folder
    for folder in scripts/peers/*/; do
        basename "$folder"
    done
}

start_peers() {
    local peer
    for peer in $(peers); do
        echo "$peer: starting"
        "scripts/peers/$peer/start"
        "scripts/peers/$peer/seed"
    done
}

stop_peers() {
    local peer
    for peer in $(peers); do
        "scripts/peers/$peer/stop" || true
    done
}

versions() {
    local peer
    rustc --version
    if wanted test || wanted browser; then
        for peer in $(peers); do
            "scripts/peers/$peer/version" || true
        done
    fi
    if wanted browser || wanted client; then
        echo "node $(node --version 2>/dev/null)"
        (cd scripts/e2e && node -e '
            for (const name of ["openid-client", "playwright-core", "axe-core"])
                console.log(name, require(`./node_modules/${name}/package.json`).version)') || true
    fi
    if wanted browser; then
        chromium --version 2>/dev/null || true
    fi
}

step_rules() { scripts/rules; }

step_fmt() { cargo fmt --all --check; }

step_clippy() { cargo clippy --workspace --all-targets --locked -- -D warnings; }

# A feature that compiles only beside another one is found here.
step_features() {
    local feature
    cargo clippy -p oidc-core --no-default-features --locked -- -D warnings
    for feature in http pages aws-lc conformance; do
        echo "oidc-core with $feature alone"
        cargo clippy -p oidc-core --no-default-features --features "$feature" --locked -- -D warnings
    done
    cargo clippy -p oidc-token-store --no-default-features --locked -- -D warnings
    cargo clippy -p oidc-token-store --no-default-features --features sqlite --locked -- -D warnings
}

# Tests that need a peer are ignored elsewhere; here they run, and a missing peer fails them.
step_test() { cargo test --workspace --locked -- --include-ignored; }

step_doc() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked; }

step_deny() { cargo deny --locked check licenses bans sources; }

# That the benches still build; as a debug build, which the tests have mostly made already.
step_bench() { cargo bench -p oidc-benches --profile dev --no-run --locked; }

issuer_binary() {
    cargo build --quiet -p oidc-examples --bin issuer --locked
    export ISSUER=$CARGO_TARGET_DIR/debug/issuer
}

step_browser() {
    issuer_binary
    rm -rf "$SCREENSHOTS"
    scripts/e2e/run browser.mjs
    cargo run --quiet -p oidc-core --example render_pages --locked -- "$CARGO_TARGET_DIR/sample-pages"
    node scripts/e2e/pages.mjs "$CARGO_TARGET_DIR/sample-pages"
}

step_client() {
    issuer_binary
    scripts/e2e/run client.mjs
}

step_fuzz() { scripts/fuzz "${FUZZ_SECONDS:-10}"; }

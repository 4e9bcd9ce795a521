#!/bin/sh
# Makes sure of PgBouncer for the tests behind a pooler, where this machine lets us: as root on Debian.
# Elsewhere those tests are skipped and say how to get it; with CI=true they fail instead.
PATH="$PATH:/usr/sbin"
command -v pgbouncer >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing PgBouncer for the tests behind a pooler."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends pgbouncer >/dev/null && exit 0
fi
echo "No PgBouncer here: the tests behind a pooler will be skipped. Install it (Debian: apt-get install pgbouncer) to run them."

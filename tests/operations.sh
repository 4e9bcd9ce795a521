#!/bin/sh
# Makes sure of promtool and systemd-analyze for the tests of deploy/, where this machine lets us: as root on
# Debian. Elsewhere those tests are skipped and say how to get them; with CI=true they fail instead.
command -v promtool >/dev/null && command -v systemd-analyze >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Prometheus and systemd for the tests of the deployment files."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends prometheus systemd >/dev/null && exit 0
fi
echo "No promtool or systemd-analyze here: some tests of the deployment files will be skipped. Install them (Debian: apt-get install prometheus systemd) to run them."

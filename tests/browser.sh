#!/bin/sh
# Makes sure of a browser for the tests of the pages, where this machine lets us: as root on Debian.
# Elsewhere those tests are skipped and say how to get one.
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Chromium for the tests of the pages."
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null && exit 0
fi
echo "No Chromium here: the tests of the pages will be skipped. Install it (Debian: apt install chromium) to run them."

#!/usr/bin/env bash
# A client host, hook xdp.
. "$(dirname "$0")/roads_client.sh"
client_suite xdp

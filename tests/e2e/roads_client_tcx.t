#!/usr/bin/env bash
# A client host, hook tcx.
. "$(dirname "$0")/roads_client.sh"
has_tcx || skip_all "Linux 6.6 is the first with TCX"
client_suite tcx

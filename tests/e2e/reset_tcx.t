#!/usr/bin/env bash
# A forbidden name is reset at both ends: --hook tcx.
. "$(dirname "$0")/reset_suite.sh"
has_tcx || skip_all "Linux 6.6 is the first with TCX"
reset_suite tcx

#!/usr/bin/env bash
# A forwarding gateway, hooks tcx and tc.
. "$(dirname "$0")/roads_gateway.sh"
# shellcheck disable=SC2046
gateway_suite $(hooks tcx tc)

#!/usr/bin/env bash
# A forwarding gateway, hooks xdp and xdp-generic.
. "$(dirname "$0")/roads_gateway.sh"
gateway_suite xdp xdp-generic

"""EVE lines: strict parsing, and what the contract promises of each (interface.md, "Events", "Coverage")."""

import datetime
import hashlib
import ipaddress
import json
import re

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+0000")
FLAG = re.compile(r"[a-z][a-z0-9_]*")
JA4 = re.compile(r"[tqd](\d\d|[sd]\d)[di]\d{4}[0-9A-Za-z]{2}(_[0-9a-f]{12}){2}")
MD5 = re.compile(r"[0-9a-f]{32}")

READ = {"single_segment", "reassembled"}
COVERAGE = READ | {"conflicting_overlap", "ambiguous", "hello_too_large", "malformed", "truncated", "evicted"}
# `reset` and `dropped` are our own deeds only, and `read` without --policy does none.
OUTCOMES = {"established", "failed", "unknown"}
SNI_STATES = {"ok", "none", "empty", "ambiguous", "invalid"}
SIDES = {"client", "server", "path", "self"}
CONFIDENCE = {"observed", "inferred"}
CAUSES = set("""
    policy_reset policy_drop tcp_refused tcp_no_answer tcp_reset_before_hello hello_incomplete large_hello_stalled
    not_tls server_silent server_reset_after_hello server_closed_after_hello middlebox_reset version_unsupported
    no_shared_cipher no_shared_group alpn_mismatch unrecognized_name sni_missing certificate_expired
    certificate_revoked certificate_unknown_ca certificate_bad certificate_name_mismatch
    certificate_chain_too_large client_certificate_required client_certificate_rejected decrypt_error
    illegal_parameter decode_error internal_error client_abandoned timeout unknown""".split())

# Of every hello that was read. SSLv2 hellos have no records and no extensions: what concerns those is asked for by
# row, in fields.py.
HELLO_NUMBERS = ("bytes", "segments", "legacy_version", "version_max", "cipher_count", "cipher_count_no_grease")


def parse(line):
    """The object of one line; ValueError says why it is none."""
    event = json.loads(line.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
    if not isinstance(event, dict):
        raise ValueError("not a JSON object")
    return event


def _unique(pairs):
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise ValueError(f"a name twice in one object: {sorted(n for n in names if names.count(n) > 1)[0]}")
    return dict(pairs)


def _no_constant(word):
    raise ValueError(f"{word} is not JSON")


def is_handshake(event):
    return event.get("event_type") == "tls" and event.get("proto") == "TCP"


def at(event, *path):
    """The value below a path of names, or None."""
    for name in path:
        if not isinstance(event, dict):
            return None
        event = event.get(name)
    return event


def time_ns(event):
    stamp = datetime.datetime.strptime(event["timestamp"], "%Y-%m-%dT%H:%M:%S.%f%z")
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    return (stamp - epoch) // datetime.timedelta(microseconds=1) * 1000


def problems(event):
    """What is wrong with the event by the contract alone, without the truth."""
    found = list(_common(event))
    if is_handshake(event) and not found:
        for check in (_frame, _verdict, _fingerprints):
            found += check(event)
        if at(event, "hellogate", "coverage") in READ:
            found += _hello(event)
    return found


def _number(value, limit=2**64):
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < limit


def _common(event):
    if not STAMP.fullmatch(str(event.get("timestamp"))):
        yield f"timestamp: {event.get('timestamp')!r} is not YYYY-MM-DDThh:mm:ss.uuuuuu+0000"
    elif not _real_time(event):
        yield f"timestamp: {event['timestamp']!r} is no date"
    if not _number(event.get("flow_id"), 2**51):
        yield f"flow_id: {event.get('flow_id')!r} is no integer below 2^51"
    if not isinstance(event.get("event_type"), str):
        yield "event_type: missing"
    for name in ("src", "dest"):
        if not _address(event.get(f"{name}_ip")):
            yield f"{name}_ip: {event.get(f'{name}_ip')!r} is no address"
    if event.get("proto") in ("TCP", "UDP"):
        yield from (f"{name}: {event.get(name)!r} is no port" for name in ("src_port", "dest_port")
                    if not _number(event.get(name), 65536))


def _real_time(event):
    try:
        time_ns(event)
    except ValueError:
        return False
    return True


def _address(text):
    try:
        return isinstance(text, str) and ipaddress.ip_address(text)
    except ValueError:
        return None


def _frame(event):
    versions = {_address(event[name]).version for name in ("src_ip", "dest_ip")}
    if versions != {event.get("ip_v")}:
        yield f"ip_v: {event.get('ip_v')!r} between {event['src_ip']} and {event['dest_ip']}"
    for name in ("tls", "hellogate"):
        if not isinstance(event.get(name), dict):
            yield f"{name}: missing"
    schema = at(event, "hellogate", "schema")
    if not _number(schema) or schema != 1:
        yield f"hellogate.schema: {schema!r} is not 1"


def _verdict(event):
    own = event.get("hellogate") if isinstance(event.get("hellogate"), dict) else {}
    for name, allowed in (("stage", {"end"}), ("outcome", OUTCOMES), ("coverage", COVERAGE)):
        if own.get(name) not in allowed:
            yield f"hellogate.{name}: {own.get(name)!r} is none of {' '.join(sorted(allowed))}"
    for name, allowed in (("cause", CAUSES), ("side", SIDES), ("confidence", CONFIDENCE),
                          ("outcome_confidence", CONFIDENCE)):
        if name in own and own[name] not in allowed:
            yield f"hellogate.{name}: {own[name]!r} is not a word of the contract"
    if own.get("confidence") == "inferred" and not own.get("reasons"):
        yield "hellogate.reasons: an inferred cause gives none"
    if own.get("outcome") == "failed" and "cause" not in own:
        yield "hellogate.cause: failed, without one"
    flags = own.get("flags")
    if not isinstance(flags, list) or not all(isinstance(flag, str) and FLAG.fullmatch(flag) for flag in flags):
        yield f"hellogate.flags: {flags!r} is no list of names"


def _fingerprints(event):
    ja4, ja3 = at(event, "tls", "ja4"), at(event, "tls", "ja3", "hash")
    text = at(event, "tls", "ja3", "string")
    if ja4 is not None and not JA4.fullmatch(str(ja4)):
        yield f"tls.ja4: {ja4!r} has not the form of one"
    if ja3 is not None and not MD5.fullmatch(str(ja3)):
        yield f"tls.ja3.hash: {ja3!r} is no MD5"
    if text is not None and hashlib.md5(str(text).encode()).hexdigest() != ja3:
        yield f"tls.ja3.hash: {ja3!r} is not the MD5 of tls.ja3.string {text!r}"


def _hello(event):
    hello = at(event, "hellogate", "hello")
    if not isinstance(hello, dict):
        yield "hellogate.hello: missing, though the hello was read"
        return
    for name in HELLO_NUMBERS:
        if not _number(hello.get(name)):
            yield f"hello.{name}: {hello.get(name)!r} is no number"
    if _number(hello.get("cipher_count")) and _number(hello.get("cipher_count_no_grease")) \
            and hello["cipher_count_no_grease"] > hello["cipher_count"]:
        yield "hello.cipher_count_no_grease: more than cipher_count"
    yield from _name(at(event, "tls", "sni"), hello)


def _name(name, hello):
    state, present = hello.get("sni_state"), hello.get("sni_present")
    if state not in SNI_STATES:
        yield f"hello.sni_state: {state!r} is none of {' '.join(sorted(SNI_STATES))}"
    if not isinstance(present, bool):
        yield f"hello.sni_present: {present!r} is no boolean"
    elif present != (state != "none"):
        yield f"hello.sni_present: {present} with sni_state {state!r}"
    if state == "ok" and not name:
        yield "tls.sni: missing with sni_state ok"
    if state in ("none", "empty") and name:
        yield f"tls.sni: {name!r} with sni_state {state}"
    if isinstance(name, str) and (name != name.lower() or name.endswith(".")):
        yield f"tls.sni: {name!r} is not lower-cased without its trailing dot"

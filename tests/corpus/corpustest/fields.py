"""What is compared: for each field, the value the truth wants and the value an event gives."""

import operator
import re
from dataclasses import dataclass
from typing import Callable

from . import eve

HANDSHAKE_HEADER = 4    # hello.bytes counts it, as certificate.message_bytes does by the contract; the truth does not
HOST_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
ADDRESS = re.compile(r"\d+(\.\d+){3}")


@dataclass(frozen=True)
class Field:
    name: str
    wanted: Callable            # of a row; None: the truth has no value
    got: Callable               # of an event; None: absent
    core: bool = False          # a difference fails the capture's line, not only the field's
    optional: bool = False      # absent from the event is no fault
    same: Callable = operator.eq


def compared(row, event):
    """(field, wanted, got, right) of all fields that the truth has for this row; event None: nothing was got."""
    for field in FIELDS:
        wanted = field.wanted(row)
        if wanted is None:
            continue
        got = None if event is None else field.got(event)
        if field.optional and got is None:
            continue
        yield field, wanted, got, event is not None and _agree(field, wanted, got)


def _agree(field, wanted, got):
    try:
        return bool(field.same(wanted, got))
    except (TypeError, AttributeError):
        return False        # a value of another type than the contract's is wrong, and no reason to stop


def is_grease(value):
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF      # RFC 8701 section 2


def spellings(raw):
    """How bytes that are no plain text may stand in JSON: the contract leaves it open, so any faithful way will do."""
    escaped = "".join(chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}" for byte in raw)
    return {escaped, raw.hex(), raw.decode("latin-1"), raw.decode("utf-8", "backslashreplace")}


def _is_plain(raw):
    return all(0x20 < byte < 0x7F for byte in raw)


def _sni_wanted(row):
    names = row.hello.get("sni_all") or []
    raw = bytes.fromhex(names[0]) if names else b""
    raw = raw.lower()       # of bytes: ASCII letters only, as DNS compares (RFC 4343 section 3)
    return raw[:-1] if raw.endswith(b".") else raw


def _sni_got(event):
    sni, raw = eve.at(event, "tls", "sni"), eve.at(event, "hellogate", "hello", "sni_raw")
    return [text for text in (sni, raw) if text]


def _sni_same(wanted, got):
    if _is_plain(wanted):
        # sni_raw may stand beside the name, but the name itself has to be right; b"" wants no name at all.
        return (got or [])[:1] == ([wanted.decode()] if wanted else [])
    return any(text in spellings(wanted) for text in got or [])


def _sni_state_wanted(row):
    if row.is_sslv2 or not row.columns["extensions"]:
        return "none"
    if "0000" not in row.columns["extensions"].split(","):
        return "none"
    name = _sni_wanted(row).decode("latin-1")
    # What is no host name (RFC 6066 section 3 allows DNS names only, no addresses) is "invalid" to some readers and
    # "ok" to others: not compared.
    return "ok" if HOST_NAME.fullmatch(name) and not ADDRESS.fullmatch(name) else None


def _column(name, base=10):
    def wanted(row):
        return int(row.columns[name], base) if row.columns[name] else None
    return wanted


def _list(name):
    def wanted(row):
        if row.is_sslv2:
            return None
        return [int(value, 16) for value in row.columns[name].split(",") if value]
    return wanted


def _without_grease(wanted):
    def wanted_clean(row):
        values = wanted(row)
        return None if values is None else [value for value in values if not is_grease(value)]
    return wanted_clean


def _tls(*path):
    return lambda event: eve.at(event, "tls", *path)


def _hello(name):
    return lambda event: eve.at(event, "hellogate", "hello", name)


def _same_list(wanted, got):
    return wanted == (got or [])


def _same_clean_list(wanted, got):
    # Suricata's own lists leave GREASE out, "numbers as on the wire" keeps it: both are accepted here.
    return wanted == [value for value in got or [] if not is_grease(value)]


def _bytes_wanted(row):
    return int(row.columns["hs_len"]) + HANDSHAKE_HEADER if row.columns["hs_len"] else None


def _alpn_wanted(row):
    return [bytes.fromhex(name) for name in row.hello["alpn_raw"]] if row.hello.get("alpn_raw") else None


def _alpn_got(event):
    places = (("tls", "client_alpns"), ("hellogate", "hello", "alpn"), ("hellogate", "hello", "alpns"))
    return next((value for value in (eve.at(event, *place) for place in places) if value is not None), None)


def _same_alpn(wanted, got):
    return isinstance(got, list) and len(got) == len(wanted) \
        and all(text in spellings(raw) for raw, text in zip(wanted, got))


def _hex_column(name):
    return _column(name, 16)


FIELDS = (
    Field("sni", _sni_wanted, _sni_got, core=True, same=_sni_same),
    Field("version_max", _hex_column("max_version"), _hello("version_max"), core=True),
    Field("cipher_count", _column("cipher_count"), _hello("cipher_count"), core=True),
    Field("cipher_count_no_grease", _column("cipher_count_nogrease"), _hello("cipher_count_no_grease"), core=True),
    Field("ja3", lambda row: row.columns["ja3"] or None, _tls("ja3", "hash"), core=True),
    Field("ja4", lambda row: row.columns["ja4"] or None, _tls("ja4"), core=True),
    Field("sni_state", _sni_state_wanted, _hello("sni_state")),
    Field("bytes", _bytes_wanted, _hello("bytes")),
    Field("segments", _column("n_segments"), _hello("segments")),
    Field("records", _column("n_records"), _hello("records")),
    Field("record_version", _hex_column("record_version"), _hello("record_version")),
    Field("legacy_version", _hex_column("legacy_version"), _hello("legacy_version")),
    Field("ext_count", _column("ext_count"), _hello("ext_count")),
    Field("session_id_len", _column("session_id_len"), _hello("session_id_len")),
    Field("compression_methods", lambda row: row.hello.get("compression"), _hello("compression_methods"),
          same=_same_list),
    Field("groups", _list("groups"), _hello("groups"), same=_same_list),
    Field("versions", _list("supported_versions"), _hello("versions"), same=_same_list),
    Field("ciphers", _without_grease(_list("ciphers")), _tls("client_handshake", "ciphers"), same=_same_clean_list),
    Field("exts", _without_grease(_list("extensions")), _tls("client_handshake", "exts"), same=_same_clean_list),
    Field("sig_algs", lambda row: row.hello.get("sigalgs"), _tls("client_handshake", "sig_algs"), same=_same_list),
    Field("alpn", _alpn_wanted, _alpn_got, optional=True, same=_same_alpn),
)

"""What is compared of a reply: for each field, the value the truth wants and the value an event gives."""

from . import eve, fields, replies

LEVELS = {"1": "warning", "2": "fatal"}
ALERTS_SHOWN = 2        # of each side, by an event
ALPN_SHOWN = 13         # bytes of a longer name
PRE_SHARED_KEY = "0029"

VERSION, CIPHER, RETRY, GROUP, RETRY_GROUP = "version", "cipher", "hello_retry", "group", "retry_group"
ALPN, RESUMED, COMPRESSION = "alpn", "resumed", "compression"
CERTIFICATES = {"server": "certificate", "client": "client_certificate"}
BYTES, LIST, COUNT = "message_bytes", "list_bytes", "count"
CERTIFICATE_HEADER = 3  # in front of each: its length
ALERTS = {"server": "server_alert", "client": "client_alert"}

NAMES = (VERSION, CIPHER, RETRY, GROUP, RETRY_GROUP, COMPRESSION, ALPN, RESUMED,
         *(f"{name}.{part}" for name in CERTIFICATES.values() for part in (BYTES, LIST, COUNT)), *ALERTS.values())


def of_retry(row, event):
    """(name, wanted, got) of a HelloRetryRequest."""
    yield RETRY, True, eve.at(event, "hellogate", "server", "hello_retry")
    if row.columns["key_share_group"]:
        yield RETRY_GROUP, _hex(row, "key_share_group"), eve.at(event, "hellogate", "server", "retry_group")


def of_hello(row, event, after_retry, resumed):
    got = eve.at(event, "hellogate", "server") or {}
    yield VERSION, _hex(row, "selected_version"), got.get("version")
    yield CIPHER, _hex(row, "cipher"), got.get("cipher")
    yield RETRY, after_retry, got.get("hello_retry")
    if row.columns["key_share_group"]:
        yield GROUP, _hex(row, "key_share_group"), got.get("group")
    if row.details.get("compression") is not None:
        yield COMPRESSION, row.details["compression"], got.get("compression")
    if got or row.columns["alpn"]:
        yield ALPN, *_alpn(row, got.get("alpn"))
    if resumed is not None:
        yield RESUMED, resumed, got.get("resumed")


def of_certificate(row, event):
    name = CERTIFICATES[row.side]
    got = eve.at(event, "hellogate", name) or {}
    # The event's bytes are those of the message with its header, by the contract; the truth leaves that out.
    yield f"{name}.{BYTES}", int(row.columns["msg_len"]) + fields.HANDSHAKE_HEADER, got.get(BYTES)
    lengths = [int(length) for length in row.columns["cert_lens"].split(",") if length]
    if lengths:
        yield f"{name}.{LIST}", sum(lengths) + CERTIFICATE_HEADER * len(lengths), got.get(LIST)
    yield f"{name}.{COUNT}", int(row.columns["n_certs"]), got.get(COUNT)


def of_alert(row, event, index):
    alerts = [alert for alert in eve.at(event, "hellogate", "alerts") or [] if alert.get("from") == row.side]
    got = [alerts[index].get("level"), alerts[index].get("code")] if index < len(alerts) else None
    yield ALERTS[row.side], [alert_level(row), int(row.columns["desc"])], got


def alert_level(row):
    return LEVELS.get(row.columns["level"], "unknown")


def resumed(row, hello, certificate):
    """Whether the server resumes a session, None where the hellos leave it open. hello: the client's row, or None."""
    if is_tls13(row):
        return PRE_SHARED_KEY in row.columns["extensions"].split(",")
    if certificate:
        return False
    offered = hello.hello.get("session_id") if hello else None
    if offered is None:
        return None
    if offered:
        # RFC 5246 section 7.4.1.3: the server says that it resumes by sending the same identifier.
        return row.columns["session_id"] == offered
    # RFC 5077 section 3.4: a ticket may come without an identifier, and then the ServerHello says nothing.
    return None if hello.hello.get("ticket_len") else False


def is_tls13(row):
    version = _hex(row, "selected_version")
    return version == 0x0304 or version >> 8 in (0x7E, 0x7F, 0xFB)


def _hex(row, name):
    return int(row.columns[name], 16)


def _alpn(row, got):
    names = row.details.get("alpn_raw") or [name.encode().hex() for name in row.details.get("alpn") or []]
    if not names:
        return None, got
    raw = bytes.fromhex(names[0])
    right = got in fields.spellings(raw[:ALPN_SHOWN])
    return (got if right else raw.decode("latin-1")), got


def invented(event, rows):
    """What an event says of the server's half that no oracle saw at all."""
    own = event["hellogate"]
    if "server" in own and not any(row.what == replies.HELLO for row in rows):
        yield "a ServerHello"
    for side in CERTIFICATES:
        if _untrue_certificate(own, side, rows):
            yield f"a Certificate of the {side}"
    for alert in own.get("alerts") or []:
        if not any(_is_alert(row, alert) for row in rows):
            yield f"alert {alert.get('level')}/{alert.get('code')} of the {alert.get('from')}"


def counted(event, rows):
    """The truth has messages that are whole; of others nobody knows how many certificates they hold."""
    own = event["hellogate"]
    for side, name in CERTIFICATES.items():
        if _untrue_certificate(own, side, rows) and own[name].get(COUNT) is not None:
            yield f"the {side}"


def _untrue_certificate(own, side, rows):
    return CERTIFICATES[side] in own \
        and not any(row.what == replies.CERTIFICATE and row.side in (side, "") for row in rows)


def _is_alert(row, alert):
    return row.what == replies.ALERT and row.side in (alert.get("from"), "") and row.columns["desc"] != "" \
        and int(row.columns["desc"]) == alert.get("code") and alert_level(row) == alert.get("level")

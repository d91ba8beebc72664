#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""A TLS server that misbehaves for some names, and speaks other protocols first.

    serve.py --cert FILE --key FILE [--smtp PORT] [--proxy PORT] PORT

To a hello for silent.example it says nothing, for slow.example it waits two seconds,
for rst.example it resets (SO_LINGER 0) and for fin.example it closes. All others get a
handshake and one line of HTTP. --smtp is the same behind STARTTLS; --proxy takes a
CONNECT and joins the client with PORT. {"ready": true} is the first line.
"""

import argparse
import select
import socket
import ssl
import struct
import threading
import time


def hello_of(conn):
    """The first bytes, left where they are."""
    conn.settimeout(30)
    return conn.recv(16384, socket.MSG_PEEK)


def wait_for_end(conn):
    """Reads and drops until the client closes."""
    try:
        while conn.recv(16384):
            pass
    except OSError:
        pass


def serve_tls(conn, context):
    hello = hello_of(conn)
    if b"silent.example" in hello:
        return wait_for_end(conn)
    if b"rst.example" in hello:
        return conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if b"fin.example" in hello:
        return conn.recv(16384)
    if b"slow.example" in hello:
        time.sleep(2)
    with context.wrap_socket(conn, server_side=True) as tls:
        tls.recv(4096)
        tls.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
        tls.unwrap()


def serve_smtp(conn, context):
    """As much of RFC 3207 as a client needs before its hello."""
    conn.sendall(b"220 mail.example ESMTP\r\n")
    lines = conn.makefile("rb", buffering=0)
    for line in lines:
        word = line.strip().upper()
        if word.startswith(b"EHLO"):
            conn.sendall(b"250-mail.example\r\n250 STARTTLS\r\n")
        elif word == b"STARTTLS":
            conn.sendall(b"220 go ahead\r\n")
            return serve_tls(conn, context)
        else:
            conn.sendall(b"250 ok\r\n")


def join(one, other):
    ends = {one: other, other: one}
    while True:
        for end in select.select(list(ends), [], [], 30)[0] or [None]:
            data = end.recv(65536) if end else b""
            if not data:
                return
            ends[end].sendall(data)


def serve_connect(conn, port):
    request = b""
    while b"\r\n\r\n" not in request:
        request += conn.recv(1)
    with socket.create_connection(("127.0.0.1", port)) as server:
        conn.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        join(conn, server)


def serve(serve_one, conn, argument):
    with conn:
        try:
            serve_one(conn, argument)
        except OSError:  # what a client may do to us: ssl.SSLError is one, too
            pass


def listen(port, serve_one, argument):
    listener = socket.create_server(("0.0.0.0", port), backlog=64)

    def accept():
        while True:
            conn, _ = listener.accept()
            threading.Thread(target=serve, args=(serve_one, conn, argument), daemon=True).start()

    threading.Thread(target=accept).start()


def main():
    parser = argparse.ArgumentParser()
    for option in ("--cert", "--key"):
        parser.add_argument(option, required=True)
    for option in ("--smtp", "--proxy"):
        parser.add_argument(option, type=int)
    parser.add_argument("port", type=int)
    options = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.cert, options.key)
    listen(options.port, serve_tls, context)
    if options.smtp:
        listen(options.smtp, serve_smtp, context)
    if options.proxy:
        listen(options.proxy, serve_connect, options.port)
    print('{"ready": true}', flush=True)


main()

// SPDX-License-Identifier: BSD-2-Clause
//
// java Serve.java BASE PKCS12 PASSWORD: as serve.h, by JSSE, without Fast Open.

import java.io.*;
import java.net.*;
import java.security.KeyStore;
import java.security.Security;
import java.util.List;
import java.util.concurrent.*;
import javax.net.ssl.*;

public class Serve {
	static final int PREAMBLE_PORT = 1024, PORT_USUAL = 0, PORT_PREAMBLE = 2, PORT_PROXIED = 3;
	static final int PATIENCE = 15000;

	static class Outcome {
		volatile boolean took;
		volatile byte[] name;
	}

	// Its output stream notices a ServerHello among what the server says first.
	static class Watched extends Socket {
		final Outcome outcome = new Outcome();
		private OutputStream watched;

		@Override
		public OutputStream getOutputStream() throws IOException {
			if (watched == null)
				watched = new Watch(super.getOutputStream(), outcome);
			return watched;
		}
	}

	static class Watch extends FilterOutputStream {
		private final Outcome outcome;

		Watch(OutputStream out, Outcome outcome) {
			super(out);
			this.outcome = outcome;
		}

		@Override
		public void write(byte[] bytes, int at, int len) throws IOException {
			if (len > 5 && bytes[at] == 22 && bytes[at + 5] == 2)
				outcome.took = true;
			out.write(bytes, at, len);
		}
	}

	static class Listener extends ServerSocket {
		Listener(int port) throws IOException {
			super(port, 512);
		}

		@Override
		public Socket accept() throws IOException {
			Watched socket = new Watched();
			implAccept(socket);
			return socket;
		}
	}

	// Asked where the server chooses by name; it takes any.
	static class Names extends SNIMatcher {
		private final Outcome outcome;

		Names(Outcome outcome) {
			super(StandardConstants.SNI_HOST_NAME);
			this.outcome = outcome;
		}

		@Override
		public boolean matches(SNIServerName name) {
			outcome.name = name.getEncoded();
			return true;
		}
	}

	static void skip(Socket socket) throws IOException {
		InputStream in = socket.getInputStream();
		if (in.readNBytes(socket.getPort() - PREAMBLE_PORT).length < socket.getPort() - PREAMBLE_PORT)
			throw new EOFException();
	}

	static void handshake(SSLContext context, Watched socket) throws IOException {
		SSLSocket tls = (SSLSocket) context.getSocketFactory().createSocket(socket, null, true);
		SSLParameters parameters = tls.getSSLParameters();
		parameters.setSNIMatchers(List.of(new Names(socket.outcome)));
		tls.setSSLParameters(parameters);
		tls.startHandshake();
	}

	static synchronized void report(Watched socket, int port) {
		StringBuilder line = new StringBuilder();
		String peer = socket.getInetAddress().getHostAddress();
		line.append("{\"peer\":\"").append(peer).append("\",\"lport\":").append(port);
		line.append(",\"took\":").append(socket.outcome.took);
		if (socket.outcome.name != null) {
			line.append(",\"sni\":\"");
			for (byte b : socket.outcome.name)
				line.append(b > 0x20 && b < 0x7f && b != '"' && b != '\\' ? "" + (char) b
						: String.format("\\\\x%02x", b));
			line.append('"');
		}
		System.out.println(line.append('}'));
	}

	static void serve(SSLContext context, Watched socket, int port) {
		try {
			socket.setSoTimeout(PATIENCE);
			if (port % 10 >= PORT_PREAMBLE)
				skip(socket);
			handshake(context, socket);
		} catch (IOException ended) {
			// as every connection here does
		}
		report(socket, port);
		try {
			socket.close();
		} catch (IOException gone) {
			// the client was first
		}
	}

	static void listen(SSLContext context, ExecutorService workers, int port) throws IOException {
		Listener listener = new Listener(port);
		workers.execute(() -> {
			while (true) {
				try {
					Watched socket = (Watched) listener.accept();
					workers.execute(() -> serve(context, socket, port));
				} catch (IOException lost) {
					// the client has gone before
				}
			}
		});
	}

	public static void main(String[] args) throws Exception {
		KeyStore keys = KeyStore.getInstance("PKCS12");
		KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
		SSLContext context = SSLContext.getInstance("TLS");
		ExecutorService workers = Executors.newCachedThreadPool();

		Security.setProperty("jdk.tls.disabledAlgorithms", "");
		try (InputStream in = new FileInputStream(args[1])) {
			keys.load(in, args[2].toCharArray());
		}
		factory.init(keys, args[2].toCharArray());
		context.init(factory.getKeyManagers(), null, null);
		for (int kind : new int[] { PORT_USUAL, PORT_PREAMBLE, PORT_PROXIED })
			listen(context, workers, Integer.parseInt(args[0]) + kind);
		System.out.println("{\"ready\":true}");
	}
}

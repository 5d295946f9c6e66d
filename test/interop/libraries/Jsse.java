/*
 * An end of TLS on Java's JSSE: what ../library-programs.ts tells it by the environment it
 * insists on, standard input is sent, what is received goes to standard output. Groups come
 * as the property jdk.tls.namedGroups; there is no exporter.
 */

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

public final class Jsse {
    private static final Map<String, String> SETTINGS = System.getenv();
    private static volatile SSLSocket current;
    private static boolean isTyped;

    public static void main(String[] arguments) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys(), trust(), null);
        if (setting("TLS_ROLE").equals("server")) {
            serve(context);
        }
        for (int visits = Integer.parseInt(setting("TLS_VISITS")); visits > 0; visits--) {
            int port = Integer.parseInt(setting("TLS_PORT"));
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
            socket.setSSLParameters(parameters(socket.getSSLParameters()));
            converse(socket);
        }
    }

    private static String setting(String name) {
        return SETTINGS.getOrDefault(name, "");
    }

    private static void serve(SSLContext context) throws IOException {
        InetAddress home = InetAddress.getByName("127.0.0.1");
        SSLServerSocket door = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0, 4, home);
        SSLParameters parameters = parameters(door.getSSLParameters());
        parameters.setNeedClientAuth(!setting("TLS_ASK").equals("no"));
        door.setSSLParameters(parameters);
        print("port " + door.getLocalPort());
        while (true) {
            converse((SSLSocket) door.accept());
        }
    }

    private static SSLParameters parameters(SSLParameters parameters) {
        parameters.setProtocols(new String[] {"TLSv" + setting("TLS_VERSION")});
        parameters.setApplicationProtocols(new String[] {setting("TLS_ALPN")});
        if (!setting("TLS_SUITE").isEmpty()) {
            parameters.setCipherSuites(new String[] {setting("TLS_SUITE")});
        }
        return parameters;
    }

    /** One connection, from the handshake to its end. */
    private static void converse(SSLSocket socket) throws IOException {
        try (socket) {
            socket.startHandshake();
            current = socket;
            type();
            byte[] buffer = new byte[20000];
            for (int length; (length = socket.getInputStream().read(buffer)) >= 0; ) {
                System.out.write(buffer, 0, length);
                System.out.flush();
            }
        } catch (IOException error) {
            print("error: " + error);
        }
    }

    /** Sends standard input to whichever connection there is; at its end close_notify is sent. */
    private static void type() {
        if (isTyped) {
            return;
        }
        isTyped = true;
        Thread typist = new Thread(() -> {
            byte[] buffer = new byte[20000];
            try {
                for (int length; (length = System.in.read(buffer)) >= 0; ) {
                    current.getOutputStream().write(buffer, 0, length);
                    current.getOutputStream().flush();
                }
                current.shutdownOutput();
            } catch (IOException error) {
                print("error: " + error);
            }
        });
        typist.setDaemon(true);
        typist.start();
    }

    private static KeyManager[] keys() throws GeneralSecurityException, IOException {
        if (setting("TLS_CERTIFICATE").isEmpty()) {
            return null;
        }
        Certificate certificate = certificate(setting("TLS_CERTIFICATE"));
        KeyStore store = emptyStore();
        store.setKeyEntry("own", privateKey(certificate), new char[0], new Certificate[] {certificate});
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    private static TrustManager[] trust() throws GeneralSecurityException, IOException {
        if (setting("TLS_AUTHORITY").isEmpty()) {
            return new TrustManager[] {new Anyone()};
        }
        KeyStore store = emptyStore();
        store.setCertificateEntry("authority", certificate(setting("TLS_AUTHORITY")));
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyStore emptyStore() throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    private static Certificate certificate(String file) throws GeneralSecurityException, IOException {
        byte[] pem = Files.readAllBytes(Path.of(file));
        return CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(pem));
    }

    private static PrivateKey privateKey(Certificate certificate) throws GeneralSecurityException, IOException {
        String body = Files.readString(Path.of(setting("TLS_KEY"))).replaceAll("-----[^-]*-----", "");
        byte[] bytes = Base64.getMimeDecoder().decode(body);
        return KeyFactory.getInstance(certificate.getPublicKey().getAlgorithm())
            .generatePrivate(new PKCS8EncodedKeySpec(bytes));
    }

    private static synchronized void print(String line) {
        System.out.println(line);
        System.out.flush();
    }

    /** Believes every certificate. */
    private static final class Anyone implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}

// A data endpoint in Java 17 or later, with the JDK alone. Run: java Main.java
// The JSON reader below keeps the example free of dependencies; use Jackson or Gson for more.

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;

public class Main {
    static final int MAX_BYTES = 14 * 1024 * 1024;
    static final List<Map<String, Object>> DAYS = List.of(
        Map.of("id", "mon", "title", "Monday"), Map.of("id", "tue", "title", "Tuesday"));

    // What the flow does: this is the part to write yourself.
    static Map<String, Object> answer(Map<?, ?> request) {
        String action = String.valueOf(request.get("action"));
        Map<?, ?> data = request.get("data") instanceof Map<?, ?> given ? given : Map.of();
        if (action.equals("ping")) {
            return Map.of("data", Map.of("status", "active"));
        }
        if (data.containsKey("error") && data.containsKey("error_message")) {
            System.err.println("the phone reports: " + data.get("error"));
            return Map.of("data", Map.of("acknowledged", true));
        }
        if (action.equals("INIT") || action.equals("BACK")) {
            return Map.of("screen", "PICK_DAY", "data", Map.of("days", DAYS));
        }
        if (action.equals("data_exchange") && "PICK_DAY".equals(request.get("screen"))) {
            Object day = data.get("day");
            if (DAYS.stream().noneMatch(one -> one.get("id").equals(day))) {
                return Map.of("screen", "PICK_DAY", "data",
                    Map.of("days", DAYS, "error_message", "Please choose one of these days."));
            }
            Map<String, Object> params = new LinkedHashMap<>();
            params.put("flow_token", request.get("flow_token"));
            params.put("day", day);
            return Map.of("screen", "SUCCESS", "data",
                Map.of("extension_message_response", Map.of("params", params)));
        }
        throw new IllegalArgumentException("no answer for " + action);
    }

    record Opened(Map<?, ?> request, byte[] aesKey, byte[] iv) {}

    final PrivateKey key;
    final byte[] appSecret;

    Main(PrivateKey key, String appSecret) {
        this.key = key;
        this.appSecret = appSecret.getBytes(StandardCharsets.UTF_8);
    }

    boolean isSigned(byte[] body, String signature) throws GeneralSecurityException {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(appSecret, "HmacSHA256"));
        String expected = "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
        return signature != null
            && MessageDigest.isEqual(expected.getBytes(StandardCharsets.UTF_8),
                signature.getBytes(StandardCharsets.UTF_8));
    }

    Opened decrypt(byte[] body) throws GeneralSecurityException {
        Map<?, ?> envelope = (Map<?, ?>) Json.read(new String(body, StandardCharsets.UTF_8));
        Base64.Decoder base64 = Base64.getDecoder();
        byte[] data = base64.decode((String) envelope.get("encrypted_flow_data"));
        byte[] sealedKey = base64.decode((String) envelope.get("encrypted_aes_key"));
        byte[] iv = base64.decode((String) envelope.get("initial_vector"));
        Cipher rsa = Cipher.getInstance("RSA/ECB/OAEPPadding");
        // Without these parameters Java takes SHA-1 for MGF1.
        rsa.init(Cipher.DECRYPT_MODE, key, new OAEPParameterSpec(
            "SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT));
        byte[] aesKey = rsa.doFinal(sealedKey);
        byte[] text = gcm(Cipher.DECRYPT_MODE, aesKey, iv, data);
        Map<?, ?> request = (Map<?, ?>) Json.read(new String(text, StandardCharsets.UTF_8));
        return new Opened(request, aesKey, iv);
    }

    static String encrypt(Object value, byte[] aesKey, byte[] iv) throws GeneralSecurityException {
        byte[] flipped = iv.clone();
        for (int i = 0; i < flipped.length; i++) {
            flipped[i] ^= (byte) 0xff;
        }
        byte[] text = Json.write(value).getBytes(StandardCharsets.UTF_8);
        return Base64.getEncoder().encodeToString(gcm(Cipher.ENCRYPT_MODE, aesKey, flipped, text));
    }

    static byte[] gcm(int mode, byte[] key, byte[] iv, byte[] data)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(128, iv));
        return cipher.doFinal(data);
    }

    void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readNBytes(MAX_BYTES + 1);
            int status = 200;
            String text = "";
            try {
                if (body.length > MAX_BYTES) {
                    status = 413;
                } else if (!isSigned(body,
                        exchange.getRequestHeaders().getFirst("X-Hub-Signature-256"))) {
                    status = 432;
                } else {
                    Opened opened = openedOrNull(body);
                    if (opened == null) {
                        status = 421; // The phone fetches the public key again and repeats.
                    } else {
                        text = encrypt(answer(opened.request), opened.aesKey, opened.iv);
                    }
                }
            } catch (Exception error) {
                error.printStackTrace();
                status = 500;
            }
            byte[] sent = text.getBytes(StandardCharsets.US_ASCII);
            exchange.getResponseHeaders().set("Content-Type", "text/plain");
            exchange.sendResponseHeaders(status, sent.length == 0 ? -1 : sent.length);
            exchange.getResponseBody().write(sent);
        }
    }

    Opened openedOrNull(byte[] body) {
        try {
            return decrypt(body);
        } catch (GeneralSecurityException | RuntimeException error) {
            return null;
        }
    }

    static PrivateKey readKey(String file) throws IOException, GeneralSecurityException {
        // PKCS#8, "BEGIN PRIVATE KEY": openssl pkcs8 -topk8 -nocrypt turns any other key into it.
        String base64 = Files.readString(Path.of(file)).replaceAll("-----[A-Z ]+-----|\\s", "");
        byte[] der = Base64.getDecoder().decode(base64);
        return KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    static String environment(String name, String otherwise) {
        String value = System.getenv(name);
        return value == null || value.isEmpty() ? otherwise : value;
    }

    public static void main(String[] arguments) throws Exception {
        String secret = environment("APP_SECRET", null);
        if (secret == null) {
            throw new IllegalStateException(
                "Set APP_SECRET: without it anyone could call the endpoint.");
        }
        PrivateKey key = readKey(environment("PRIVATE_KEY_FILE", "private.pem"));
        int port = Integer.parseInt(environment("PORT", "9000"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/", new Main(key, secret)::handle);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.start();
        System.out.println("http://127.0.0.1:" + server.getAddress().getPort() + "/");
    }

    /** JSON as maps, lists, texts, numbers, booleans and null. */
    static final class Json {
        static final int DEEPEST = 100;
        final String text;
        int at;
        int depth;

        Json(String text) {
            this.text = text;
        }

        static Object read(String text) {
            Json json = new Json(text);
            Object value = json.value();
            json.space();
            if (json.at != text.length()) {
                throw new IllegalArgumentException("more than one JSON value");
            }
            return value;
        }

        Object value() {
            space();
            return switch (text.charAt(at)) {
                case '{' -> object();
                case '[' -> array();
                case '"' -> string();
                case 't' -> word("true", true);
                case 'f' -> word("false", false);
                case 'n' -> word("null", null);
                default -> number();
            };
        }

        Map<String, Object> object() {
            Map<String, Object> found = new LinkedHashMap<>();
            enter();
            while (!ends('}', found.isEmpty())) {
                space();
                String name = string();
                space();
                expect(':');
                found.put(name, value());
            }
            return found;
        }

        List<Object> array() {
            List<Object> found = new ArrayList<>();
            enter();
            while (!ends(']', found.isEmpty())) {
                found.add(value());
            }
            return found;
        }

        void enter() {
            at++;
            if (++depth > DEEPEST) {
                throw new IllegalArgumentException("JSON is too deep");
            }
        }

        /** Whether the list or object ends here; steps over the comma where it goes on. */
        boolean ends(char closing, boolean first) {
            space();
            if (text.charAt(at) == closing) {
                at++;
                depth--;
                return true;
            }
            if (!first) {
                expect(',');
            }
            return false;
        }

        String string() {
            expect('"');
            StringBuilder found = new StringBuilder();
            for (char next = text.charAt(at++); next != '"'; next = text.charAt(at++)) {
                found.append(next == '\\' ? escaped() : next);
            }
            return found.toString();
        }

        char escaped() {
            char kind = text.charAt(at++);
            if (kind == 'u') {
                at += 4;
                return (char) Integer.parseInt(text.substring(at - 4, at), 16);
            }
            int place = "bfnrt".indexOf(kind);
            return place < 0 ? kind : "\b\f\n\r\t".charAt(place);
        }

        Object number() {
            int start = at;
            while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return Double.valueOf(text.substring(start, at));
        }

        Object word(String word, Object meaning) {
            if (!text.startsWith(word, at)) {
                throw new IllegalArgumentException("not JSON");
            }
            at += word.length();
            return meaning;
        }

        void expect(char wanted) {
            if (text.charAt(at++) != wanted) {
                throw new IllegalArgumentException("not JSON: " + wanted + " expected");
            }
        }

        void space() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        static String write(Object value) {
            if (value instanceof Map<?, ?> map) {
                List<String> parts = new ArrayList<>();
                map.forEach((name, item) -> parts.add(quoted((String) name) + ":" + write(item)));
                return "{" + String.join(",", parts) + "}";
            }
            if (value instanceof List<?> list) {
                return "[" + String.join(",", list.stream().map(Json::write).toList()) + "]";
            }
            return value instanceof String text ? quoted(text) : String.valueOf(value);
        }

        static String quoted(String text) {
            StringBuilder quoted = new StringBuilder("\"");
            text.chars().forEach(one -> {
                if (one == '"' || one == '\\') {
                    quoted.append('\\').append((char) one);
                } else if (one < ' ') {
                    quoted.append(String.format("\\u%04x", one));
                } else {
                    quoted.append((char) one);
                }
            });
            return quoted.append('"').toString();
        }
    }
}

import io.grpc.CallOptions;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.File;
import java.io.IOException;
import java.net.URLEncoder;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Checks an Echo service. Prints one line of JSON for each check: {"check": name, "error": text or ""}. */
final class EchoClient {
  private static final byte[] HELLO = EchoPeer.message("hello".getBytes(StandardCharsets.UTF_8));
  private static final byte[] BINARY = {0, 1, 2, -2, -1};

  private interface Check {
    void run() throws Exception;
  }

  private final ManagedChannel channel;

  private EchoClient(ManagedChannel channel) {
    this.channel = channel;
  }

  /** At a unix socket, or with TLS at a port of this machine where a file with the server's certificate is given. */
  static void check(String place, Optional<String> certificate) throws Exception {
    var channel =
        (certificate.isPresent() ? secure(Integer.parseInt(place), certificate.get()) : plain(place))
            .overrideAuthority("localhost")
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .build();
    for (var check : new EchoClient(channel).checks().entrySet()) {
      var error = "";
      try {
        check.getValue().run();
      } catch (Exception | AssertionError reason) {
        error = reason.toString().replaceAll("[\\p{Cntrl}\"\\\\]", "'");
      }
      System.out.printf("{\"check\": \"%s\", \"error\": \"%s\"}%n", check.getKey(), error);
    }
    channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
  }

  private static NettyChannelBuilder plain(String path) {
    return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(path), InsecureChannelCredentials.create())
        .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
        .eventLoopGroup(new NioEventLoopGroup(1));
  }

  private static NettyChannelBuilder secure(int port, String certificate) throws IOException {
    var credentials = TlsChannelCredentials.newBuilder().trustManager(new File(certificate)).build();
    return NettyChannelBuilder.forAddress("127.0.0.1", port, credentials);
  }

  private Map<String, Check> checks() {
    var checks = new LinkedHashMap<String, Check>();
    checks.put("unary", this::unary);
    checks.put("server stream", this::serverStream);
    checks.put("client stream", this::clientStream);
    checks.put("bidi", this::bidi);
    checks.put("metadata", this::metadata);
    checks.put("status", this::status);
    checks.put("status details", this::statusDetails);
    checks.put("status after messages", this::statusAfterMessages);
    checks.put("unimplemented", this::unimplemented);
    checks.put("deadline", this::deadline);
    checks.put("cancel", this::cancel);
    checks.put("large messages", this::largeMessages);
    checks.put("slow reader", this::slowReader);
    checks.put("concurrent calls", this::concurrentCalls);
    checks.put("gzip", this::gzip);
    return checks;
  }

  private EchoCall start(String method, CallOptions options, String... asked) {
    var metadata = new Metadata();
    for (var i = 0; i < asked.length; i += 2) metadata.put(ascii(asked[i]), asked[i + 1]);
    return start(method, options, metadata);
  }

  private EchoCall start(String method, CallOptions options, Metadata metadata) {
    var name = method.contains("/") ? method : EchoPeer.SERVICE + "/" + method;
    return new EchoCall(channel.newCall(EchoPeer.method(name), options), metadata);
  }

  /** Sends one message, waits for the end and expects it to be good. */
  private List<byte[]> call(String method, byte[] message, String... asked) throws Exception {
    return good(start(method, CallOptions.DEFAULT, asked).send(message).halfClose());
  }

  private static List<byte[]> good(EchoCall call) throws Exception {
    is(call.end(), Status.Code.OK);
    return call.rest();
  }

  private void unary() throws Exception {
    same(call("Unary", HELLO), List.of(HELLO));
  }

  private void serverStream() throws Exception {
    same(call("ServerStream", HELLO, "x-count", "100"), Collections.nCopies(100, HELLO));
  }

  private void clientStream() throws Exception {
    var call = start("ClientStream", CallOptions.DEFAULT);
    for (var i = 0; i < 100; i++) call.send(HELLO);
    var answers = good(call.halfClose());
    if (answers.size() != 1 || answers.get(0).length != 100 * HELLO.length) throw new AssertionError("no answer");
  }

  private void bidi() throws Exception {
    var call = start("Bidi", CallOptions.DEFAULT);
    for (var i = 0; i < 50; i++) {
      var message = EchoPeer.message(new byte[] {(byte) i});
      same(List.of(call.send(message).next()), List.of(message));
    }
    same(good(call.halfClose()), List.of());
  }

  private void metadata() throws Exception {
    var metadata = new Metadata();
    metadata.put(ascii("echo-text"), "plain text");
    metadata.put(binary("echo-data-bin"), BINARY);
    var call = start("Unary", CallOptions.DEFAULT, metadata).send(HELLO).halfClose();
    good(call);
    for (var prefix : List.of("echo-", "echo-trailer-")) {
      var got = prefix.equals("echo-") ? call.headers() : call.trailers();
      equal(got.get(ascii(prefix + "text")), "plain text");
      if (!Arrays.equals(got.get(binary(prefix + "data-bin")), BINARY)) throw new AssertionError(prefix + "data-bin");
    }
  }

  private void status() throws Exception {
    var text = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \ud83d\ude08\t\n";
    var encoded = URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    var call = start("Unary", CallOptions.DEFAULT, "x-status", "5", "x-message", encoded).send(HELLO).halfClose();
    is(call.end(), Status.Code.NOT_FOUND);
    equal(call.end().getDescription(), text);
  }

  private void statusDetails() throws Exception {
    var metadata = new Metadata();
    metadata.put(ascii("x-status"), "9");
    metadata.put(binary("x-details-bin"), new byte[] {8, 9});
    var call = start("Unary", CallOptions.DEFAULT, metadata).send(HELLO).halfClose();
    is(call.end(), Status.Code.FAILED_PRECONDITION);
    var details = new String(call.trailers().get(binary("grpc-status-details-bin")), StandardCharsets.ISO_8859_1);
    // google.rpc.Status begins with its code, and one of its details holds the word.
    if (!details.startsWith("\b\t") || !details.contains("detail")) throw new AssertionError(details);
  }

  private void statusAfterMessages() throws Exception {
    var call = start("ServerStream", CallOptions.DEFAULT, "x-status", "9", "x-count", "3").send(HELLO).halfClose();
    is(call.end(), Status.Code.FAILED_PRECONDITION);
    same(call.rest(), Collections.nCopies(3, HELLO));
  }

  private void unimplemented() throws Exception {
    for (var method : List.of("Nonsense", "no.such.Service/Method")) {
      is(start(method, CallOptions.DEFAULT).send(HELLO).halfClose().end(), Status.Code.UNIMPLEMENTED);
    }
  }

  private void deadline() throws Exception {
    var soon = CallOptions.DEFAULT.withDeadlineAfter(100, TimeUnit.MILLISECONDS);
    is(start("Unary", soon, "x-delay-ms", "5000").send(HELLO).halfClose().end(), Status.Code.DEADLINE_EXCEEDED);
  }

  private void cancel() throws Exception {
    var call = start("Bidi", CallOptions.DEFAULT).send(HELLO);
    call.next();
    call.cancel();
    is(call.end(), Status.Code.CANCELLED);
    unary();
  }

  private void largeMessages() throws Exception {
    for (var size : List.of(1 << 20, 9 << 20)) {
      var big = EchoPeer.message(new byte[size]);
      same(call("Unary", big), List.of(big));
    }
  }

  private void slowReader() throws Exception {
    var chunk = EchoPeer.message(new byte[64 << 10]);
    var call = start("ServerStream", CallOptions.DEFAULT, "x-count", "512").send(chunk).halfClose();
    same(List.of(call.next()), List.of(chunk));
    Thread.sleep(100);
    unary();
    if (good(call).size() != 511) throw new AssertionError("messages are missing");
  }

  private void concurrentCalls() throws Exception {
    var calls = new ArrayList<EchoCall>();
    for (var i = 0; i < 1000; i++) calls.add(start("Unary", CallOptions.DEFAULT).send(numbered(i)).halfClose());
    for (var i = 0; i < 1000; i++) same(good(calls.get(i)), List.of(numbered(i)));
  }

  private void gzip() throws Exception {
    var compressed = CallOptions.DEFAULT.withCompression("gzip");
    for (var size : List.of(0, 10, 1 << 20)) {
      var message = EchoPeer.message(new byte[size]);
      var call = start("Unary", compressed, "x-gzip", "1").compress().send(message).halfClose();
      same(good(call), List.of(message));
      equal(call.headers().get(ascii("grpc-encoding")), "gzip");
    }
  }

  private static byte[] numbered(int number) {
    return EchoPeer.message(Integer.toString(number).getBytes(StandardCharsets.UTF_8));
  }

  private static Metadata.Key<String> ascii(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  private static Metadata.Key<byte[]> binary(String name) {
    return Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER);
  }

  private static void same(List<byte[]> got, List<byte[]> want) {
    if (!Arrays.deepEquals(got.toArray(), want.toArray())) throw new AssertionError("another answer than expected");
  }

  private static void equal(Object got, Object want) {
    if (!want.equals(got)) throw new AssertionError(got + " instead of " + want);
  }

  private static void is(Status status, Status.Code want) {
    if (status.getCode() != want) throw new AssertionError(status + " instead of " + want);
  }
}

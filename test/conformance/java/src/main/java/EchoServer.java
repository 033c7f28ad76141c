import io.grpc.HandlerRegistry;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.InsecureServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.URLDecoder;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** All methods are served as streams of bytes; what was asked for is in the metadata. */
final class EchoServer {
  private static final List<String> METHODS = List.of("Unary", "ServerStream", "ClientStream", "Bidi");
  private static final Metadata.Key<byte[]> DETAILS_ASKED =
      Metadata.Key.of("x-details-bin", Metadata.BINARY_BYTE_MARSHALLER);
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private EchoServer() {}

  /** Prints "ready" once it listens; ends when its standard input ends. */
  static void serve(String path) throws Exception {
    var group = new NioEventLoopGroup(1);
    var server =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(path), InsecureServerCredentials.create())
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(group)
            .workerEventLoopGroup(group)
            .maxInboundMessageSize(Integer.MAX_VALUE)
            .fallbackHandlerRegistry(new Methods())
            .build()
            .start();
    System.out.println("ready");
    System.in.transferTo(OutputStream.nullOutputStream());
    server.shutdownNow().awaitTermination();
    Files.deleteIfExists(Path.of(path));
  }

  private static final class Methods extends HandlerRegistry {
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String fullName, String authority) {
      var slash = fullName.lastIndexOf('/');
      var isKnown = fullName.startsWith(EchoPeer.SERVICE + "/") && METHODS.contains(fullName.substring(slash + 1));
      return isKnown ? ServerMethodDefinition.create(EchoPeer.method(fullName), new Handler()) : null;
    }
  }

  private static final class Handler implements ServerCallHandler<byte[], byte[]> {
    @Override
    public ServerCall.Listener<byte[]> startCall(ServerCall<byte[], byte[]> call, Metadata asked) {
      return new Answering(call, asked);
    }
  }

  private static final class Answering extends ServerCall.Listener<byte[]> {
    private final ServerCall<byte[], byte[]> call;
    private final Metadata asked;
    private final String method;
    private final ByteArrayOutputStream all = new ByteArrayOutputStream();
    private boolean isBegun;
    private byte[] whole;
    private int left;

    Answering(ServerCall<byte[], byte[]> call, Metadata asked) {
      this.call = call;
      this.asked = asked;
      this.method = call.getMethodDescriptor().getBareMethodName();
      call.request(1);
    }

    @Override
    public void onMessage(byte[] message) {
      if (method.equals("Bidi")) {
        begin();
        call.sendMessage(message);
      } else {
        all.writeBytes(message);
      }
      call.request(1);
    }

    @Override
    public void onHalfClose() {
      begin();
      var fill = number("x-fill");
      whole = fill > 0 ? EchoPeer.message(new byte[fill]) : all.toByteArray();
      left =
          switch (method) {
            case "ServerStream" -> Math.max(1, number("x-count"));
            case "Bidi" -> 0;
            default -> number("x-status") == 0 ? 1 : 0;
          };
      onReady();
    }

    @Override
    public void onReady() {
      if (whole == null) return;
      while (left > 0 && call.isReady()) {
        call.sendMessage(whole);
        left--;
      }
      if (left > 0) return;
      whole = null;
      var message = text("x-message").map(value -> URLDecoder.decode(value, StandardCharsets.UTF_8)).orElse("");
      var trailers = echoed("echo-trailer-");
      if (asked.containsKey(DETAILS_ASKED)) trailers.put(DETAILS, asked.get(DETAILS_ASKED));
      call.close(Status.fromCodeValue(number("x-status")).withDescription(message), trailers);
    }

    /** Waits, where it was told to, and sends the headers. */
    private void begin() {
      if (isBegun) return;
      isBegun = true;
      try {
        for (var left = number("x-delay-ms"); left > 0 && !call.isCancelled(); left -= 5) Thread.sleep(5);
      } catch (InterruptedException error) {
        Thread.currentThread().interrupt();
      }
      if (text("x-gzip").isPresent()) call.setCompression("gzip");
      call.sendHeaders(echoed("echo-"));
      if (text("x-gzip").isPresent()) call.setMessageCompression(true);
    }

    /** The metadata called echo-*, with another beginning of the name. */
    private Metadata echoed(String prefix) {
      var echoed = new Metadata();
      for (var name : asked.keys()) {
        if (!name.startsWith("echo-")) continue;
        var renamed = prefix + name.substring("echo-".length());
        if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
          copy(echoed, name, renamed, Metadata.BINARY_BYTE_MARSHALLER);
        } else {
          echoed.put(ascii(renamed), asked.get(ascii(name)));
        }
      }
      return echoed;
    }

    private void copy(Metadata to, String name, String renamed, Metadata.BinaryMarshaller<byte[]> marshaller) {
      to.put(Metadata.Key.of(renamed, marshaller), asked.get(Metadata.Key.of(name, marshaller)));
    }

    private int number(String name) {
      return text(name).map(Integer::parseInt).orElse(0);
    }

    private Optional<String> text(String name) {
      return Optional.ofNullable(asked.get(ascii(name)));
    }

    private static Metadata.Key<String> ascii(String name) {
      return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
    }
  }
}

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.Status;
import io.grpc.TlsServerCredentials;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.channel.nio.NioEventLoopGroup;
import io.grpc.netty.shaded.io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.grpc.netty.shaded.io.netty.util.concurrent.DefaultThreadFactory;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import io.netty.pkitesting.CertificateBuilder;
import io.netty.pkitesting.X509Bundle;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import plugin.Controller.Empty;
import plugin.GRPCControllerGrpc;
import proto.KVGrpc;
import proto.Kv;
import sun.misc.Signal;

/** The key-value plugin in Java. Standard output carries the handshake line and nothing else. */
final class KvPlugin {
  private static final class Store extends KVGrpc.KVImplBase {
    private final Map<String, Kv.PutRequest> values = new ConcurrentHashMap<>();

    @Override
    public void get(Kv.GetRequest request, StreamObserver<Kv.GetResponse> answer) {
      var stored = values.get(request.getKey());
      if (stored == null) {
        answer.onError(Status.NOT_FOUND.withDescription("no value for " + request.getKey()).asException());
        return;
      }
      answer.onNext(Kv.GetResponse.newBuilder().setValue(stored.getValue()).build());
      answer.onCompleted();
    }

    @Override
    public void put(Kv.PutRequest request, StreamObserver<Kv.Empty> answer) {
      System.err.printf("[INFO] put %s: %d bytes%n", request.getKey(), request.getValue().size());
      values.put(request.getKey(), request);
      answer.onNext(Kv.Empty.getDefaultInstance());
      answer.onCompleted();
    }
  }

  /** Lets the host end the process in good order. */
  private static final class Controller extends GRPCControllerGrpc.GRPCControllerImplBase {
    private final CountDownLatch ended;

    Controller(CountDownLatch ended) {
      this.ended = ended;
    }

    @Override
    public void shutdown(Empty request, StreamObserver<Empty> answer) {
      answer.onNext(Empty.getDefaultInstance());
      answer.onCompleted();
      ended.countDown();
    }
  }

  public static void main(String[] args) throws Exception {
    if (!"hello".equals(System.getenv("BASIC_PLUGIN"))) {
      System.err.println("This is a plugin. The program that it belongs to starts it.");
      System.exit(1);
    }
    var ended = new CountDownLatch(1);
    Signal.handle(new Signal("TERM"), signal -> ended.countDown());
    Signal.handle(new Signal("INT"), signal -> {}); // Ctrl-C reaches plugins too, and is the host's business.
    if ("stdin".equals(System.getenv("TENON_LIFELINE"))) {
      var lifeline = new Thread(() -> endWith(System.in, ended));
      lifeline.setDaemon(true);
      lifeline.start();
    }

    ServerCredentials credentials = InsecureServerCredentials.create();
    var certificate = "";
    var hostCertificate = System.getenv().getOrDefault("PLUGIN_CLIENT_CERT", "");
    if (!hostCertificate.isEmpty()) {
      var own = makeCertificate();
      credentials = mutualTls(own, hostCertificate);
      certificate = Base64.getEncoder().withoutPadding().encodeToString(own.getCertificate().getEncoded());
    }

    var directory = System.getenv().getOrDefault("PLUGIN_UNIX_SOCKET_DIR", "");
    var parent = Path.of(directory.isEmpty() ? System.getProperty("java.io.tmpdir") : directory);
    var path = parent.resolve("kv-" + ProcessHandle.current().pid());
    Files.deleteIfExists(path); // Left by an earlier process of this number, if there is one.
    // Daemons, so that an error of main ends the process.
    var group = new NioEventLoopGroup(1, new DefaultThreadFactory("kv", true));
    var health = new HealthStatusManager();
    health.setStatus("plugin", ServingStatus.SERVING);
    Server server =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(path), credentials)
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(group)
            .workerEventLoopGroup(group)
            .addService(new Store())
            .addService(new Controller(ended))
            .addService(health.getHealthService())
            .build()
            .start();
    System.out.println("1|1|unix|" + path + "|grpc|" + certificate);
    ended.await();
    server.shutdown().awaitTermination(1, TimeUnit.SECONDS);
    Files.deleteIfExists(path);
    System.exit(0); // Threads that read standard input and serve are still there.
  }

  /** A key and a certificate for this one start. */
  private static X509Bundle makeCertificate() throws Exception {
    return new CertificateBuilder()
        .subject("CN=localhost")
        .addSanDnsName("localhost")
        .setIsCertificateAuthority(true)
        .ecp256()
        .buildSelfSigned();
  }

  private static ServerCredentials mutualTls(X509Bundle own, String hostCertificate) throws IOException {
    // The JDK's TLS knows the curve that Go hosts use, and Netty's own does not.
    System.setProperty("io.grpc.netty.shaded.io.netty.handler.ssl.noOpenSsl", "true");
    return TlsServerCredentials.newBuilder()
        .keyManager(stream(own.getCertificatePEM()), stream(own.getPrivateKeyPEM()))
        .trustManager(stream(hostCertificate))
        .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
        .build();
  }

  private static InputStream stream(String text) {
    return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
  }

  private static void endWith(InputStream lifeline, CountDownLatch ended) {
    try {
      lifeline.transferTo(OutputStream.nullOutputStream());
    } catch (IOException error) {
      System.err.println("[WARN] standard input: " + error);
    }
    ended.countDown();
  }
}

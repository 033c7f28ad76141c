import io.grpc.MethodDescriptor;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * The Echo service of test/proto on grpc-java, and a client that checks somebody's Echo service. Messages stay bytes.
 *
 * <p>Usage: EchoPeer server SOCKET_PATH | EchoPeer client SOCKET_PATH | EchoPeer client PORT CERTIFICATE
 */
final class EchoPeer {
  static final String SERVICE = "tenon.test.v1.Echo";

  private EchoPeer() {}

  public static void main(String[] args) throws Exception {
    switch (args[0]) {
      case "server" -> EchoServer.serve(args[1]);
      case "client" -> EchoClient.check(args[1], Arrays.stream(args).skip(2).findFirst());
      default -> throw new IllegalArgumentException("server or client?");
    }
    System.exit(0);
  }

  /** A method of any kind whose messages are bytes. */
  static MethodDescriptor<byte[], byte[]> method(String fullName) {
    var bytes = new BytesMarshaller();
    return MethodDescriptor.<byte[], byte[]>newBuilder(bytes, bytes)
        .setType(MethodDescriptor.MethodType.BIDI_STREAMING)
        .setFullMethodName(fullName)
        .build();
  }

  /** Encodes an EchoMessage with one chunk. */
  static byte[] message(byte[] chunk) {
    var message = new ByteArrayOutputStream(chunk.length + 6);
    message.write(0x0a);
    var rest = chunk.length;
    for (; rest > 127; rest >>>= 7) message.write(rest & 127 | 128);
    message.write(rest);
    message.writeBytes(chunk);
    return message.toByteArray();
  }

  private static final class BytesMarshaller implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] message) {
      return new ByteArrayInputStream(message);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
  }
}

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A call whose answers are asked for one by one. */
final class EchoCall extends ClientCall.Listener<byte[]> {
  private final ClientCall<byte[], byte[]> call;
  private final BlockingQueue<byte[]> messages = new LinkedBlockingQueue<>();
  private final CompletableFuture<Metadata> headers = new CompletableFuture<>();
  private final CompletableFuture<Metadata> trailers = new CompletableFuture<>();
  private final CompletableFuture<Status> status = new CompletableFuture<>();

  EchoCall(ClientCall<byte[], byte[]> call, Metadata metadata) {
    this.call = call;
    call.start(this, metadata);
    call.request(1);
  }

  EchoCall compress() {
    call.setMessageCompression(true);
    return this;
  }

  EchoCall send(byte[] message) {
    call.sendMessage(message);
    return this;
  }

  EchoCall halfClose() {
    call.halfClose();
    return this;
  }

  void cancel() {
    call.cancel("enough", null);
  }

  /** Waits for the next answer, and asks for the one after it. */
  byte[] next() throws Exception {
    var message = messages.poll(20, TimeUnit.SECONDS);
    if (message == null) throw new AssertionError("no answer");
    call.request(1);
    return message;
  }

  /** Asks for all answers and waits for how it ends. */
  Status end() throws Exception {
    call.request(Integer.MAX_VALUE);
    return status.get(20, TimeUnit.SECONDS);
  }

  /** Answers that nobody has looked at. */
  List<byte[]> rest() {
    var rest = new ArrayList<byte[]>();
    messages.drainTo(rest);
    return rest;
  }

  Metadata headers() throws Exception {
    return headers.get(20, TimeUnit.SECONDS);
  }

  Metadata trailers() throws Exception {
    return trailers.get(20, TimeUnit.SECONDS);
  }

  @Override
  public void onHeaders(Metadata received) {
    headers.complete(received);
  }

  @Override
  public void onMessage(byte[] message) {
    messages.add(message);
  }

  @Override
  public void onClose(Status how, Metadata received) {
    trailers.complete(received);
    status.complete(how);
  }
}

import com.google.common.io.ByteStreams;
import com.google.gson.Gson;
import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.services.AdminInterface;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A gRPC client of a mesh written with grpc-java: it serves the admin services and health, and does what lines of JSON
 * on its standard input say. tests/peers/conversation.py says what they are.
 */
final class Peer {
  static final class Call {
    String path;
    List<List<String>> headers;
  }

  static final class Order {
    String target;
    String authority;
    double patience;
    List<Call> calls;
  }

  record Answer(String text, String status) {}

  private static final MethodDescriptor.Marshaller<byte[]> RAW =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] bytes) {
          return new ByteArrayInputStream(bytes);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return ByteStreams.toByteArray(stream);
          } catch (IOException error) {
            throw new UncheckedIOException(error);
          }
        }
      };

  private static ManagedChannel open(Order order) {
    var builder = Grpc.newChannelBuilder(order.target, InsecureChannelCredentials.create());
    if (!order.authority.isEmpty()) {
      builder.overrideAuthority(order.authority);
    }
    ManagedChannel channel = builder.build();
    channel.getState(true);
    return channel;
  }

  private static Answer ask(ManagedChannel channel, Call call, double patience) {
    Metadata metadata = new Metadata();
    for (List<String> header : call.headers) {
      String name = header.get(0);
      if (name.endsWith(Metadata.BINARY_HEADER_SUFFIX)) {
        byte[] value = header.get(1).getBytes(StandardCharsets.UTF_8);
        metadata.put(Metadata.Key.of(name, Metadata.BINARY_BYTE_MARSHALLER), value);
      } else {
        metadata.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), header.get(1));
      }
    }
    var method =
        MethodDescriptor.newBuilder(RAW, RAW)
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(call.path.substring(1))
            .build();
    CallOptions options = CallOptions.DEFAULT.withDeadlineAfter((long) (patience * 1000), TimeUnit.MILLISECONDS);
    try {
      var with = io.grpc.ClientInterceptors.intercept(channel, MetadataUtils.newAttachHeadersInterceptor(metadata));
      byte[] reply = ClientCalls.blockingUnaryCall(with, method, options, new byte[0]);
      return new Answer(new String(reply, StandardCharsets.UTF_8), "OK");
    } catch (StatusRuntimeException error) {
      return new Answer(String.valueOf(error.getStatus().getDescription()), error.getStatus().getCode().name());
    }
  }

  public static void main(String[] arguments) throws IOException {
    Logger.getLogger("io.grpc").setLevel(Level.OFF);
    HealthStatusManager health = new HealthStatusManager();
    Server server =
        io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder.forAddress(
                new InetSocketAddress("127.0.0.1", 0), InsecureServerCredentials.create())
            .addServices(AdminInterface.getStandardServices())
            .addService(health.getHealthService())
            .build()
            .start();
    System.out.println("127.0.0.1:" + server.getPort());
    Gson gson = new Gson();
    ManagedChannel channel = null;
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Order order = gson.fromJson(line, Order.class);
      if (channel != null) {
        channel.shutdownNow();
      }
      channel = open(order);
      List<Answer> answers = new ArrayList<>();
      for (Call call : order.calls) {
        answers.add(ask(channel, call, order.patience));
      }
      System.out.println(gson.toJson(answers));
    }
    System.exit(0);
  }
}

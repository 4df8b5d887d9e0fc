// A gRPC client of a mesh written with grpc-js: it serves the admin services and keeps one xds: channel open.
// It prints where it serves, and ends when its standard input does.
const grpc = require("@grpc/grpc-js");
require("@grpc/grpc-js-xds").register();

const server = new grpc.Server();
grpc.addAdminServicesToServer(server);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  const client = new grpc.Client(process.argv[2], grpc.credentials.createInsecure());
  client.getChannel().getConnectivityState(true);
  console.log(`127.0.0.1:${port}`);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
